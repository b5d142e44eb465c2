// Brings the page up to date in place: what has not changed stays, and so do scroll, focus and selection.
'use strict';
const every = 5000;
let paused = false, busy = false, count = 0;
const note = document.createElement('span');
note.id = 'note';
note.setAttribute('role', 'status');
const button = document.createElement('button');
button.id = 'pause';
button.textContent = 'Pause';
button.onclick = () => {
  paused = !paused;
  button.textContent = paused ? 'Refresh' : 'Pause';
  if (!paused) refresh();
};
document.querySelector('header').append(note, button);

// A row has the key of its operation, a fact that of its name. Others are matched in their order.
function keyOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  const fact = node.nodeName === 'DT' ? node : node.nodeName === 'DD' ? node.previousElementSibling : null;
  const key = node.dataset.key ?? fact?.textContent ?? node.id;
  return key ? node.nodeName + ' ' + key : null;
}

// Changes a node into another one, and returns it. If that is not possible, it returns the other one in its place.
function update(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) {
    old.replaceWith(now);
    return now;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== now.data) old.data = now.data;
    return old;
  }
  // What a reader fills in or opens is the reader's.
  if (old.nodeName === 'FORM') return old;
  for (const { name } of [...old.attributes])
    if (!now.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  updateChildren(old, now);
  return old;
}

function updateChildren(old, now) {
  const keyed = new Map(), others = [];
  for (const node of old.childNodes) {
    const key = keyOf(node);
    if (key === null || keyed.has(key)) others.push(node);
    else keyed.set(key, node);
  }
  const keys = [...now.childNodes].map(node => [node, keyOf(node)]);
  const nodes = keys.map(([node, key]) => {
    const match = key === null ? others.shift() : keyed.get(key);
    keyed.delete(key);
    return match ? update(match, node) : node;
  });
  for (const node of [...keyed.values(), ...others]) node.remove();
  // A node that stays in its order is not moved: that would take the focus from it.
  let at = old.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else old.insertBefore(node, at);
  }
}

async function refresh() {
  if (busy) return;
  busy = true;
  let fault = 'there is no answer';
  try {
    const options = { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(2 * every) };
    const reply = await fetch(location.href, options);
    const now = new DOMParser().parseFromString(await reply.text(), 'text/html');
    const [here, main] = [document, now].map(page => page.querySelector('main'));
    // A fault leaves what is shown, marked as old.
    const isFault = main => !main || 'fault' in main.dataset;
    if (isFault(main) && (!main || !isFault(here))) {
      fault = main?.querySelector('#fault')?.textContent ?? `the answer is ${reply.status}`;
      throw fault;
    }
    if (paused) return;
    const focused = document.activeElement;
    document.title = now.title;
    update(document.querySelector('nav'), now.querySelector('nav'));
    update(here, main);
    if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    document.body.dataset.refreshed = ++count;
    document.body.classList.remove('away');
    note.textContent = '';
  } catch {
    document.body.classList.add('away');
    note.textContent = 'Not refreshed: ' + fault;
  } finally {
    busy = false;
  }
}

setInterval(() => { if (!paused && !document.hidden) refresh(); }, every);

const short = s => s < 10 ? s.toFixed(1) + ' s' : s < 60 ? Math.floor(s) + ' s' : Math.floor(s / 60) + ' m ' + Math.floor(s % 60) + ' s';
let seen = '', since = 0;
setInterval(() => {
  const age = document.getElementById('age');
  if (!age) return;
  const key = age.dataset.age + '/' + count;
  if (key !== seen) [seen, since] = [key, performance.now()];
  age.textContent = short(Number(age.dataset.age) + (performance.now() - since) / 1000);
}, 1000);
