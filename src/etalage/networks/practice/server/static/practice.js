// Fetches the page again every few seconds and puts the new part in place of the old one. Works without it, too.
"use strict";
const EVERY = 4000;

async function renew() {
  const old = document.querySelector("[data-live]");
  const isBusy = document.hidden || old.querySelector("details[open]") || old.contains(document.activeElement)
    || !document.getSelection().isCollapsed;
  if (isBusy) return;
  const answer = await fetch(location.href, { headers: { "accept-language": document.documentElement.lang } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (!fresh || fresh.innerHTML === old.innerHTML) return;
  const known = new Set([...old.querySelectorAll("[id^=act-]")].map((item) => item.id));
  for (const item of fresh.querySelectorAll("[id^=act-]")) {
    if (!known.has(item.id)) item.classList.add("is-new");
  }
  old.replaceWith(document.adoptNode(fresh));
}

async function watch() {
  try {
    await renew();
  } catch {
    // The network is away: the next round tries again.
  }
  setTimeout(watch, EVERY);
}

setTimeout(watch, EVERY);
