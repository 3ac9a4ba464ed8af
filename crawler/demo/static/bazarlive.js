"use strict";
// The whole marketplace: it asks the API and builds the page from what comes back, text nodes only.

const LIMIT = 24;
const app = document.getElementById("app");

function make(tag, options, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

async function ask(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  return { status: response.status, data: await response.json() };
}

function frame(...children) {
  app.replaceChildren(
    make("header", {}, make("a", { href: "/" }, "BazarLive")),
    make("main", {}, ...children),
    make("p", { class: "end" }, "BazarLive faz parte do campo de treinamento do Tracemark."),
  );
}

function card(item) {
  return make("article", { "data-id": item.id },
    make("a", { href: item.url },
      make("img", { src: item.image, alt: "", loading: "lazy", width: 190, height: 142 }),
      make("h3", { dir: "auto" }, item.title)),
    make("div", { class: "price" }, item.price_text),
    item.status === "sold" ? make("div", { class: "badge" }, "Vendido") : null,
    make("div", { class: "meta", dir: "auto" }, `${item.location} · ${item.posted_text}`));
}

function row(label, ...value) {
  return [make("dt", { dir: "auto" }, label), make("dd", { dir: "auto" }, ...value)];
}

function message(title, text) {
  document.title = `${title} - BazarLive`;
  frame(make("div", { class: "detail" }, make("h1", {}, title), make("p", {}, text),
    make("p", {}, make("a", { href: "/" }, "Ver todos os anúncios"))));
}

function showFeed() {
  const feed = make("div", { class: "feed" });
  const end = make("div", { class: "end" }, "Carregando…");
  document.title = "BazarLive - anúncios";
  frame(make("h1", {}, "Anúncios recentes"), feed, end);
  let offset = 0;
  let busy = false;
  const watcher = new IntersectionObserver((seen) => {
    if (seen.some((entry) => entry.isIntersecting)) more();
  }, { rootMargin: "300px" });
  async function more() {
    if (busy) return;
    busy = true;
    const { data } = await ask(`/api/listings?offset=${offset}&limit=${LIMIT}`);
    feed.append(...data.items.map(card));
    offset += data.items.length;
    busy = false;
    if (data.items.length === 0 || offset >= data.total) {
      watcher.disconnect();
      end.textContent = `Fim: ${offset} anúncios`;
      end.dataset.done = "true";
    } else {
      // Look again: the marker may still be in sight after a short page.
      watcher.unobserve(end);
      watcher.observe(end);
    }
  }
  watcher.observe(end);
}

async function showListing(id) {
  const { status, data } = await ask(`/api/listings/${id}`);
  if (status === 410) return message("Anúncio removido", "Este anúncio foi removido pela moderação.");
  if (status !== 200) return message("Não encontrado", "Este anúncio não existe ou já saiu do ar.");
  document.title = `${data.title} - BazarLive`;
  const fields = [...row("Preço", make("span", { class: "price" }, data.price_text))];
  if (data.condition) fields.push(...row("Estado", data.condition));
  fields.push(...row("Categoria", data.category.join(" › ")));
  for (const [label, text] of Object.entries(data.attributes)) fields.push(...row(label, text));
  fields.push(...row("Localização", data.location));
  if (data.shipping) fields.push(...row("Entrega", data.shipping));
  fields.push(...row("Publicado em", make("time", { datetime: data.posted }, data.posted_text)));
  fields.push(...row("Código do anúncio", data.id));
  fields.push(...row("Vendedor", make("bdi", {}, make("a", { href: data.seller.url }, data.seller.name)),
    ` (desde ${data.seller.joined_text})`));
  if (data.seller.licence) fields.push(...row("Licença informada", data.seller.licence));
  frame(make("article", { class: "detail", "data-id": data.id },
    make("h1", { dir: "auto" }, data.title),
    data.status === "sold" ? make("p", { class: "badge" }, "Vendido") : null,
    make("div", { class: "photos" },
      ...data.images.map((src) => make("img", { src, alt: "", width: 360, height: 270 }))),
    make("dl", {}, ...fields),
    make("h2", {}, "Descrição"),
    make("div", { class: "description", dir: "auto", lang: data.language }, data.description)));
}

async function showSeller(id) {
  const { status, data } = await ask(`/api/sellers/${id}`);
  if (status !== 200) return message("Não encontrado", "Este vendedor não existe.");
  document.title = `${data.name} - BazarLive`;
  const fields = [
    ...row("No BazarLive desde", make("time", { datetime: data.joined }, data.joined_text)),
    ...row("Localização", data.location),
  ];
  if (data.licence) fields.push(...row("Licença informada", data.licence));
  frame(
    make("article", { class: "profile", "data-id": data.id },
      make("h1", { dir: "auto" }, data.name),
      make("dl", {}, ...fields),
      data.profile ? make("p", { class: "description", dir: "auto" }, data.profile) : null),
    make("h2", {}, `Anúncios (${data.listings.length})`),
    make("div", { class: "feed" }, ...data.listings.map(card)));
}

function start() {
  const [, kind, id] = location.pathname.split("/");
  if (!kind) return showFeed();
  if (kind === "listing" && id) return showListing(id);
  if (kind === "seller" && id) return showSeller(id);
  return message("Não encontrado", "Esta página não existe.");
}

start();
