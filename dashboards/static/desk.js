"use strict";
// Keys for those who want them: every one presses something that is on the page, and the pages work without.
(() => {
  const SWITCH = "tracemark-keys";
  const off = () => { try { return localStorage.getItem(SWITCH) === "off"; } catch { return false; } };
  const writes = (node) => node instanceof Element && node.matches("input:not([type=radio], [type=checkbox]), textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && writes(event.target)) { event.target.blur(); return; }
    if (off() || event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing || writes(event.target)) return;
    if (event.key === "Enter" && event.target !== document.body) return;
    const wanted = [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key === event.key);
    if (!wanted) return;
    event.preventDefault();
    if (writes(wanted)) { wanted.focus(); wanted.select(); }
    else if (wanted.tagName === "DETAILS") { wanted.open = !wanted.open; (wanted.open && wanted.querySelector("[data-first]") || wanted.querySelector("summary")).focus(); }
    else wanted.click();
  });

  // A decision is sent once, however often its key is hit.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.matches(".decide, .undo")) form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

  // Completions are whole queries in the box's own list; without them every query can still be typed.
  let asking;
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!box.matches?.("[data-completes]")) return;
    clearTimeout(asking);
    asking = setTimeout(async () => {
      const answer = await fetch(`/search/complete?${new URLSearchParams({ q: box.value, at: box.selectionStart })}`).catch(() => null);
      if (!answer?.ok) return;
      const offers = (await answer.json()).map(({ query, meaning, count }) => {
        const offer = document.createElement("option");
        offer.value = query;
        offer.label = meaning || (count === null ? "" : `${count} listings`);
        return offer;
      });
      box.list.replaceChildren(...offers);
    }, 120);
  });

  // Drawn over, the bars of a histogram fill in the two fields below it.
  let from;
  const barOf = (event) => event.target.closest?.("[data-from]");
  document.addEventListener("pointerdown", (event) => { from = barOf(event); if (from) event.preventDefault(); });
  document.addEventListener("pointerup", (event) => {
    const to = barOf(event), figure = from?.closest("figure"), form = figure?.querySelector("[data-brush]");
    if (!form || !to || from === to || to.closest("figure") !== figure) return;
    const backwards = from.compareDocumentPosition(to) & Node.DOCUMENT_POSITION_PRECEDING;
    const [low, high] = form.querySelectorAll("input:not([type=hidden])");
    low.value = (backwards ? to : from).dataset.from;
    high.value = (backwards ? from : to).dataset.to;
    form.requestSubmit();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.querySelector("[data-keys-switch]");
    if (place) {
      const button = document.createElement("button");
      const tell = () => { button.textContent = off() ? "Turn single keys on" : "Turn single keys off"; };
      button.type = "button";
      button.addEventListener("click", () => { try { localStorage.setItem(SWITCH, off() ? "on" : "off"); } catch { /* stays on */ } tell(); });
      tell();
      place.append(button);
    }
    const problem = document.querySelector("[data-focus]");
    if (problem) problem.focus();
  });
})();
