"use strict";
// Triage without waiting: the next listing is fetched while this one is read, and decisions are sent in their order,
// again and again until the server says that each is kept. Nothing is called saved before that.
(() => {
  const BOX = "tracemark-unsent";
  const head = () => document.querySelector("[data-triage]");
  const strip = () => document.querySelector("[data-strip]");
  const read = () => { try { return JSON.parse(localStorage.getItem(BOX) ?? "[]"); } catch { return []; } };
  const address = () => location.pathname + location.search;
  let unsent = read(), sending = false, refused = "", ahead = null, leave = null, takeBack = false, shown = address();

  const tell = () => {
    const place = document.querySelector("[data-unsent]");
    if (!place) return;
    place.hidden = !unsent.length && !refused;
    place.textContent = refused || `not saved: ${unsent.length}`;
  };
  const keep = () => { try { localStorage.setItem(BOX, JSON.stringify(unsent)); } catch { /* kept in this page alone */ } tell(); };

  const load = async (place) => {
    const answer = await fetch(place, { headers: { "X-Tracemark-Ahead": "1" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return { place, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  };
  const prepare = () => {
    const after = head()?.dataset.after;
    ahead = after ? load(after).catch(() => null) : null;
  };
  const show = ({ place, page }, decided) => {
    const kept = strip()?.innerHTML ?? "";
    document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
    if (strip()) strip().innerHTML = kept;
    // That page was written while the one before it still waited.
    if (decided) for (const count of document.querySelectorAll("[data-count]")) count.textContent = Number(count.textContent.replaceAll(",", "")) - 1;
    history.pushState({}, "", place);
    shown = address();
    scrollTo({ top: 0, behavior: "instant" });
    tell();
  };
  const go = async (place, decided) => {
    const ready = await ahead;
    if (ready && ready.place === place) {
      show(ready, decided);
      ahead = null;
      if (!unsent.length) prepare();
    } else if (unsent.length) leave = place;
    else location.assign(place);
  };

  const freshToken = async () => {
    const { page } = await load("/triage");
    return page.querySelector("[name=form_token]")?.value ?? "";
  };
  const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
  const sendFirst = async (renewed) => {
    const answer = await fetch("/decisions", { method: "POST", body: new URLSearchParams(unsent[0]), headers: { Accept: "application/json" } });
    if (answer.ok) {
      const { strip: html } = await answer.json();
      unsent.shift();
      if (strip()) strip().innerHTML = html;
    } else if (answer.status === 403 && !renewed) {  // the server was started anew since the form was shown
      const token = await freshToken();
      unsent = unsent.map((one) => one.map(([name, value]) => [name, name === "form_token" ? token : value]));
      await sendFirst(true);
    } else if (answer.status < 500 && answer.status !== 429) {
      const lost = Object.fromEntries(unsent.shift());
      refused = `not saved: the server refused the decision about ${lost.site}/${lost.id} (${answer.status}); open it again to decide`;
    } else throw new Error(String(answer.status));
  };
  const send = async () => {
    if (sending) return;
    sending = true;
    let pause = 500;
    while (unsent.length) {
      try { await sendFirst(false); pause = 500; keep(); }
      catch { tell(); await wait(pause); pause = Math.min(pause * 2, 10_000); }
    }
    sending = false;
    if (takeBack && !refused) strip()?.querySelector(".undo button")?.click();
    else if (leave && !refused) location.assign(leave);
    else if (!ahead) prepare();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".undo") && unsent.length) { event.preventDefault(); delete form.dataset.sent; takeBack = true; return; }
    if (!head() || !form.matches(".decide[action='/decisions']") || event.defaultPrevented) return;
    event.preventDefault();
    unsent.push([...new FormData(form, event.submitter)].map(([name, value]) => [name, String(value)]));
    refused = "";
    keep();
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    // What is being fetched ahead counts this listing as waiting: it is sent once that has come.
    go(form.elements.then.value, true).then(send);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-key='j']");
    if (!link || !head() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute("href"), false);
  });
  addEventListener("popstate", () => { if (address() !== shown) location.reload(); });
  addEventListener("beforeunload", (event) => { if (unsent.length && !leave) event.preventDefault(); });
  document.addEventListener("DOMContentLoaded", () => {
    if (!head()) return;
    if (head().dataset.here && !location.search.includes("item=")) { history.replaceState({}, "", head().dataset.here); shown = address(); }
    tell();
    if (unsent.length) send(); else prepare();
  });
})();
