// Brings the page up to date in place: what has not changed stays, and so do scroll and focus.
'use strict';
const every = 5000;
let paused = false, busy = false, count = 0;
const button = document.createElement('button');
button.id = 'pause';
button.textContent = 'Pause';
button.onclick = () => {
  paused = !paused;
  button.textContent = paused ? 'Refresh' : 'Pause';
  if (!paused) refresh();
};
document.querySelector('header').append(button);

function update(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) return old.replaceWith(now);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== now.data) old.data = now.data;
    return;
  }
  // What a reader fills in or opens is the reader's.
  if (old.nodeName === 'FORM') return;
  for (const { name } of [...old.attributes])
    if (!now.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [a, b] = [[...old.childNodes], [...now.childNodes]];
  b.forEach((node, i) => (a[i] ? update(a[i], node) : old.append(node)));
  a.slice(b.length).forEach(node => node.remove());
}

async function refresh() {
  if (busy) return;
  busy = true;
  try {
    const options = { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(2 * every) };
    const reply = await fetch(location.href, options);
    const now = new DOMParser().parseFromString(await reply.text(), 'text/html').querySelector('main');
    // A fault of a list leaves the list, marked as old. That of the counts is a page of its own, with its time.
    if (!now || !reply.ok && !now.querySelector('#age')) throw reply.status;
    if (paused) return;
    update(document.querySelector('main'), now);
    document.body.dataset.refreshed = ++count;
    document.body.classList.remove('away');
  } catch {
    document.body.classList.add('away');
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
