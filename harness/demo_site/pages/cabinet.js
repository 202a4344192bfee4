// The cabinet. Everything is drawn on one canvas; where things lie comes from the page's layout table.
// There is no key handler on purpose: only the Paste button fills a field.
"use strict";
(() => {
  const canvas = document.getElementById("cabinet");
  const pen = canvas.getContext("2d");
  const { width, height, spots } = JSON.parse(document.getElementById("layout").textContent);
  const machines = JSON.parse(document.getElementById("machines").textContent);
  const symbols = ["bell", "cherry", "plum", "seven", "star"];
  const tints = { comet: "#6ea8fe", lagoon: "#3fc1a5", ember: "#ff8a5b" };
  const frames = 3, frameMs = 40; // the reels turn for 120 ms: long enough to be seen in a screenshot, too short to slow a run

  const fresh = () => ({
    screen: "login", account: "", password: "", focused: "", user: "", machine: "",
    spins: 0, reels: [], win: false, message: "", busy: false,
  });
  let state = fresh();

  // ---- state: one setter, which tells the document and draws ----
  function set(change) {
    Object.assign(state, change);
    draw();
    Object.assign(canvas.dataset, {
      account: state.account ? "filled" : "empty",
      password: state.password ? "filled" : "empty",
      focused: state.focused, user: state.user, machine: state.machine,
      spins: String(state.spins), reels: state.reels.join("-"), message: state.message,
      busy: state.busy ? "yes" : "no", screen: state.screen,
    });
  }

  // ---- what a click does ----
  const actions = {
    account: () => set({ focused: "account", message: "" }),
    password: () => set({ focused: "password", message: "" }),
    paste: () => alone(paste),
    log_in: () => alone(logIn),
    spin: () => alone(spin),
    log_out: () => alone(logOut),
  };
  for (const machine of machines) {
    actions[machine] = () => set({ machine, screen: "spin", message: "" });
  }

  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const y = ((event.clientY - box.top) / box.height) * height;
    const hit = Object.keys(spots).find((name) => spots[name].screens.includes(state.screen)
      && Math.abs(x - spots[name].x) <= spots[name].width / 2
      && Math.abs(y - spots[name].y) <= spots[name].height / 2);
    if (hit && !state.busy) actions[hit]();
  });

  async function alone(task) {
    set({ busy: true, message: "" });
    const outcome = await task().catch((fault) => ({ message: `${task.name} failed: ${fault.message || fault.name}` }));
    set({ ...outcome, busy: false });
  }

  async function paste() {
    const field = state.focused;
    if (!field) return { message: "Select a field first" };
    let text;
    try {
      text = await navigator.clipboard.readText();
    } catch (refusal) {
      return { message: `The clipboard could not be read: ${refusal.name}` };
    }
    return text ? { [field]: text } : { message: "The clipboard is empty" };
  }

  async function call(name, body) {
    const answer = await fetch(`/cabinet/api/${name}`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.status === 403) return { ...fresh(), ok: false, message: "The server has logged you out" };
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  async function logIn() {
    const answer = await call("login", { account: state.account, password: state.password });
    if (!answer.ok) return { message: answer.message, password: "" };
    return { user: answer.user, screen: "select", account: "", password: "", focused: "" };
  }

  async function spin() {
    const { ok, ...answer } = await call("spin", { machine: state.machine });
    if (!ok) return answer;
    // Timers, not animation frames: a page in the background gets no frames and would never finish.
    for (let frame = 0; frame < frames; frame += 1) {
      draw(symbols.slice(frame, frame + 3));
      await new Promise((resume) => setTimeout(resume, frameMs));
    }
    return { reels: answer.reels, win: answer.win, spins: answer.spins };
  }

  async function logOut() {
    await call("logout", {});
    return fresh();
  }

  // ---- drawing ----
  function box(spot, fill, stroke) {
    pen.beginPath();
    pen.roundRect(spot.x - spot.width / 2, spot.y - spot.height / 2, spot.width, spot.height, 12);
    pen.fillStyle = fill;
    pen.fill();
    if (stroke) { pen.lineWidth = 3; pen.strokeStyle = stroke; pen.stroke(); }
  }

  function text(words, x, y, size, fill, align = "center") {
    pen.font = `600 ${size}px system-ui, "DejaVu Sans", sans-serif`;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.fillStyle = fill;
    pen.fillText(words, x, y);
  }

  function button(name, fill) {
    box(spots[name], fill);
    text(spots[name].label, spots[name].x, spots[name].y, 22, "#fff");
  }

  function field(name, shown) {
    const spot = spots[name];
    const left = spot.x - spot.width / 2;
    text(spot.label, left, spot.y - 42, 15, "#8b98a9", "left");
    box(spot, "#161d27", state.focused === name ? "#6ea8fe" : "#2b3644");
    text(shown, left + 18, spot.y, 22, "#e6edf3", "left");
  }

  function symbol(name, x, y) {
    const shapes = {
      bell: ["#f2c14e", () => { pen.arc(0, -4, 30, Math.PI, 0); pen.lineTo(38, 28); pen.lineTo(-38, 28); }],
      cherry: ["#e5484d", () => { pen.arc(-18, 14, 20, 0, 7); pen.moveTo(40, 14); pen.arc(20, 14, 20, 0, 7); }],
      plum: ["#9d6bde", () => { pen.ellipse(0, 0, 30, 38, 0, 0, 7); }],
      seven: ["#6ea8fe", () => { pen.moveTo(-30, -36); pen.lineTo(32, -36); pen.lineTo(2, 40); pen.lineTo(-20, 40); pen.lineTo(6, -14); pen.lineTo(-30, -14); }],
      star: ["#3fc1a5", () => {
        for (let point = 0; point < 10; point += 1) {
          const reach = point % 2 ? 17 : 42;
          pen.lineTo(reach * Math.sin((point * Math.PI) / 5), -reach * Math.cos((point * Math.PI) / 5));
        }
      }],
    };
    const [fill, outline] = shapes[name];
    pen.save();
    pen.translate(x, y);
    pen.beginPath();
    outline();
    pen.closePath();
    pen.fillStyle = fill;
    pen.fill();
    pen.restore();
  }

  const screens = {
    login() {
      text("Cabinet", 480, 90, 46, "#e6edf3");
      field("account", state.account);
      field("password", "•".repeat(Math.min(state.password.length, 24)));
      button("paste", "#3a4657");
      button("log_in", "#2f7d5b");
    },
    select() {
      text("Choose a machine", 480, 120, 34, "#e6edf3");
      for (const name of machines) {
        box(spots[name], "#161d27", tints[name]);
        symbol(symbols[2 + machines.indexOf(name)], spots[name].x, spots[name].y - 30);
        text(spots[name].label, spots[name].x, spots[name].y + 80, 26, tints[name]);
      }
    },
    spin(turning) {
      const shown = turning || (state.reels.length ? state.reels : ["star", "bell", "seven"]);
      text(spots[state.machine].label, 480, 120, 34, tints[state.machine]);
      shown.forEach((name, reel) => {
        const x = 300 + reel * 180;
        box({ x, y: 270, width: 150, height: 180 }, "#f4f1ea", state.win && !turning ? "#f2c14e" : "#2b3644");
        symbol(name, x, 270);
      });
      text(`Spins: ${state.spins}${state.win && !turning ? " – three of a kind!" : ""}`, 480, 400, 20, "#8b98a9");
      button("spin", state.busy ? "#3a4657" : "#c2542d");
    },
  };

  function draw(turning) {
    pen.fillStyle = "#0d1117";
    pen.fillRect(0, 0, width, height);
    screens[state.screen](turning);
    if (state.user) {
      text(state.user, 60, 60, 20, "#8b98a9", "left");
      button("log_out", "#3a4657");
    }
    if (state.message) text(state.message, 480, 560, 18, "#ff8a5b");
  }

  set({});
})();
