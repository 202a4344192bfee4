// puppeteer-core (Node), connected to the running browser: the same measures as measure.py. Its modules are imported from
// the folder that PEERS_NODE names. variant: `page` (its page API), or `session` (its raw CDP sessions).

import { createRequire } from "node:module";
import { join } from "node:path";

const puppeteer = createRequire(join(process.env.PEERS_NODE, "package.json"))("puppeteer-core");
const job = JSON.parse(process.argv[2]);
const raw = job.variant === "session";
const LOGS_AT_ONCE = 100;

const cpu = () => { const used = process.cpuUsage(); return used.user + used.system; }; // µs
const must = (value, expected) => { if (value !== expected) throw new Error(`returned ${value}, not ${expected}`); };
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const together = (pages, work) => Promise.all(pages.map(work));

const browser = await puppeteer.connect({ browserWSEndpoint: job.endpoint, defaultViewport: null });

async function open() {
  const page = await browser.newPage();
  return { page, session: raw ? await page.createCDPSession() : null };
}

async function evaluate({ page, session }, expression) {
  if (!raw) return page.evaluate(expression);
  return (await session.send("Runtime.evaluate", { expression, returnByValue: true })).result.value;
}

async function listen({ page, session }, heard) {
  if (!raw) return page.on("console", (message) => heard(message.text()));
  session.on("Runtime.consoleAPICalled", (event) => heard(event.args[0].value));
  await session.send("Runtime.enable");
}

async function flow({ page }, url) {
  await page.goto(url);
  await page.click("#go");
  return page.$eval("#out", (node) => node.textContent);
}

async function oneByOne(page) {
  for (let i = 0; i < Math.max(20, job.evaluates / 10); i++) must(await evaluate(page, "21 * 2"), 42);
  const took = [];
  const before = cpu();
  for (let i = 0; i < job.evaluates; i++) {
    const begun = performance.now();
    must(await evaluate(page, "21 * 2"), 42);
    took.push(performance.now() - begun);
  }
  return { a_cpu_us: (cpu() - before) / job.evaluates, a_p50_us: median(took) * 1e3 };
}

async function atOnce() {
  const pages = [];
  for (let i = 0; i < job.sessions; i++) pages.push(await open());
  const work = (count) => async (page) => {
    for (let i = 0; i < count; i++) must(await evaluate(page, "21 * 2"), 42);
  };
  await together(pages, work(2));
  const [before, begun] = [cpu(), performance.now()];
  await together(pages, work(job.calls));
  const total = job.sessions * job.calls;
  return { b_cpu_us: (cpu() - before) / total, b_calls_per_s: (total / (performance.now() - begun)) * 1e3 };
}

async function events() {
  const page = await open();
  let missing = 0;
  let allCame = () => {};
  await listen(page, (text) => {
    if (!text.startsWith("event ")) throw new Error(`a console message came as ${text}`);
    if (--missing === 0) allCame();
  });
  const log = async (batches) => {
    for (let i = 0; i < batches; i++) {
      missing += LOGS_AT_ONCE;
      const came = new Promise((resolve) => { allCame = resolve; });
      await evaluate(page, `for (let i = 0; i < ${LOGS_AT_ONCE}; i++) console.log('event ' + i)`);
      if (missing) await came;
    }
  };
  const batches = Math.max(1, Math.floor(job.events / LOGS_AT_ONCE));
  await log(1);
  const before = cpu();
  await log(batches);
  return { c_cpu_us: (cpu() - before) / (batches * LOGS_AT_ONCE) };
}

async function flows() {
  const pages = [];
  for (let i = 0; i < job.workers; i++) pages.push(await open());
  const work = (count) => async (page) => {
    for (let i = 0; i < count; i++) must(await flow(page, `${job.origin}/?${i}`), "clicked");
  };
  await together(pages, work(1));
  const before = cpu();
  await together(pages, work(job.flows));
  return { d_cpu_ms: (cpu() - before) / (job.workers * job.flows) / 1e3 };
}

const page = await open();
const result = { ...(await oneByOne(page)), ...(await atOnce()), ...(await events()), ...(raw ? {} : await flows()) };
await browser.disconnect();
console.log(JSON.stringify(result));
