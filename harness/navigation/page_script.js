// The page script: runs in an isolated world of every document, so that the page can neither see nor bend it.
// It finds elements by one selector chain and does one named thing with them; everything it is told arrives as arguments.
(() => {
  const STABLE_PX = 0.5;

  const visible = (el) => {
    const box = el.getBoundingClientRect();
    const style = getComputedStyle(el);
    return box.width > 0 && box.height > 0 && style.visibility !== 'hidden' && style.display !== 'none';
  };

  const pierce = (root, css, out = []) => {
    out.push(...root.querySelectorAll(css));
    for (const el of root.querySelectorAll('*')) if (el.shadowRoot) pierce(el.shadowRoot, css, out);
    return out;
  };

  const ownText = (el) => (el.matches('input:not([type=password]),textarea') ? el.value : el.textContent) || '';

  // The innermost elements whose text holds the wanted text, as the reference runner's text selectors do.
  const byText = (root, wanted) => {
    const out = [];
    const visit = (node) => {
      let inner = false;
      for (const child of node.children || []) {
        if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'HEAD'].includes(child.tagName)) continue;
        inner = visit(child) || inner;
      }
      if (node.shadowRoot) inner = visit(node.shadowRoot) || inner;
      if (inner) return true;
      if (node.nodeType === Node.ELEMENT_NODE && ownText(node).includes(wanted)) {
        out.push(node);
        return true;
      }
      return false;
    };
    visit(root);
    return out;
  };

  const evaluatePath = (path, root) => {
    const found = document.evaluate(path, root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({ length: found.snapshotLength }, (_, i) => found.snapshotItem(i)).filter((n) => n instanceof Element);
  };

  // Within a chain a path must not leave its host: `//x` would begin at the document. XPath knows no shadow root, so its
  // children are searched.
  const byXPath = (root, path) => {
    if (root instanceof Document) return evaluatePath(path, root);
    const within = path.startsWith('//') ? `descendant-or-self::${path.slice(2)}` : path.replace(/^\/+/, '');
    return [...root.children].flatMap((child) => evaluatePath(within, child));
  };

  const queryOne = (root, selector) => {
    if (selector.startsWith('xpath/')) return byXPath(root, selector.slice(6));
    if (selector.startsWith('text/')) return byText(root, selector.slice(5));
    if (selector.startsWith('pierce/')) return pierce(root, selector.slice(7));
    return [...root.querySelectorAll(selector.startsWith('css/') ? selector.slice(4) : selector)];
  };

  const query = (root, chain) => {
    let roots = [root];
    for (const selector of chain) {
      const next = [];
      for (const one of roots) next.push(...queryOne(one.shadowRoot || one, selector));
      roots = next;
    }
    return roots;
  };

  // A page that nobody paints runs no animation frames, although it may say that it is visible: the timer ends the wait.
  const twoFramesLater = () =>
    new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done));
      setTimeout(done, document.hidden ? 32 : 200);
    });

  const firstRect = (el) => {
    for (const rect of el.getClientRects()) if (rect.width >= 1 && rect.height >= 1) return rect;
    return null;
  };

  const inView = (rect) =>
    rect.top >= 0 && rect.left >= 0 && rect.bottom <= innerHeight && rect.right <= innerWidth;

  const isDisabled = (el) => el.matches(':disabled') || el.closest('button:disabled, option:disabled, optgroup:disabled');

  // Bring a point of the element into view: an element may be larger than the viewport, or its frame scrolled away.
  const reveal = (el, at) => {
    if (!inView(firstRect(el))) el.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    else if (window !== window.parent) el.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    const [x, y] = at(firstRect(el));
    const beyond = (value, size) => (value < 0 || value >= size ? value - size / 2 : 0);
    const [left, top] = [beyond(x, innerWidth), beyond(y, innerHeight)];
    if (left || top) window.scrollBy({ left, top, behavior: 'instant' });
  };

  const functions = {
    // Where to act: {x, y} in the frame's viewport, or {wait: reason} while the element cannot be acted on.
    async point(el, offset, relative, enabled) {
      if (!visible(el)) return { wait: 'the element is not visible' };
      if (enabled && isDisabled(el)) return { wait: 'the element is disabled' };
      if (!firstRect(el)) return { wait: 'the element has no box' };
      const [rx, ry] = relative || [0.5, 0.5];
      const within = (box) => offset || [box.width * rx, box.height * ry];
      const at = (box) => [box.left + within(box)[0], box.top + within(box)[1]];
      reveal(el, at);
      const rect = firstRect(el);
      await twoFramesLater();
      const now = firstRect(el);
      if (!now || ['left', 'top', 'width', 'height'].some((k) => Math.abs(now[k] - rect[k]) > STABLE_PX)) {
        return { wait: 'the element is moving' };
      }
      const [[x, y], [dx, dy]] = [at(now), within(now)];
      const inside = dx >= 0 && dy >= 0 && dx <= now.width && dy <= now.height;
      if (inside && (x < 0 || y < 0 || x > innerWidth || y > innerHeight)) return { wait: 'the element is out of view' };
      return { x, y, inside };
    },

    field(el) {
      const tag = el.tagName.toLowerCase();
      const editable = el.isContentEditable;
      const type = tag === 'input' ? el.type : tag === 'select' ? 'select' : tag === 'textarea' ? 'textarea' : editable ? 'editable' : tag;
      return {
        type,
        value: editable && tag !== 'input' ? el.innerText : String(el.value ?? ''),
        checked: Boolean(el.checked),
        locked: Boolean(el.disabled || el.readOnly),
      };
    },

    focus(el) {
      el.focus();
      if (typeof el.setSelectionRange === 'function' && el.value && /^(text|search|url|tel|password|textarea)$/.test(el.type)) {
        el.setSelectionRange(el.value.length, el.value.length);
      }
      return el.matches(':focus, :focus-within') || el.shadowRoot?.activeElement != null;
    },

    clear(el) {
      if (el.isContentEditable) {
        const range = document.createRange();
        range.selectNodeContents(el);
        const selection = getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        return true;
      }
      el.select?.();
      return true;
    },

    setValue(el, value) {
      const proto = Object.getPrototypeOf(el);
      const setter = Object.getOwnPropertyDescriptor(proto, 'value')?.set;
      if (setter) setter.call(el, value);
      else el.value = value;
      el.dispatchEvent(new Event('input', { bubbles: true }));
      el.dispatchEvent(new Event('change', { bubbles: true }));
      return el.value;
    },

    choose(el, value) {
      const option = [...el.options].find((o) => o.value === value) || [...el.options].find((o) => o.label === value);
      if (!option) return false;
      option.selected = true;
      el.dispatchEvent(new Event('input', { bubbles: true }));
      el.dispatchEvent(new Event('change', { bubbles: true }));
      return true;
    },

    scroll(el, x, y) {
      // In quirks mode the root element itself does not scroll.
      (el === document.documentElement ? window : el).scrollTo({ left: x, top: y, behavior: 'instant' });
      return true;
    },
  };

  const describe = (el, properties, attributes) => ({
    visible: visible(el),
    properties: Object.fromEntries((properties || []).map((name) => [name, el[name]])),
    attributes: Object.fromEntries((attributes || []).map((name) => [name, el.getAttribute(name)])),
  });

  const find = (root, chain) => {
    const found = query(root, chain);
    return found.find(visible) || found[0] || null;
  };

  globalThis.harness = {
    // The first visible (else first) element of the chain under root; null when there is none.
    find,
    // Whether an element stands under a host, in its shadow trees or beside them.
    contains(host, element) {
      for (let node = element; node; node = node.parentNode || node.host) if (node === host) return true;
      return false;
    },
    // Run a named function on it.
    async run(root, chain, name, args) {
      const el = find(root, chain);
      if (!el) return null;
      return { value: await functions[name](el, ...args) };
    },
    survey: (root, chain, properties, attributes) =>
      query(root, chain).slice(0, 10000).map((el) => describe(el, properties, attributes)),
  };
})();
