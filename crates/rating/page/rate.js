// The rating page: begin under a name, watch, answer, save, undo, break.

import { Clip, Player } from "/player.js";

const $ = (id) => document.getElementById(id);
const scales = [...document.querySelectorAll("fieldset")];
const player = new Player($("canvas"), showPlayer);
const HEARTBEAT_MS = 20000;
const RETRY_MS = 3000;

let session = sessionStorage.getItem("session");
let state = null;
let clips = new Map();
let current = 0;
let since = 0;
let saving = false;
// The request that stores the answers on the screen; the same one until they are stored.
let request = null;

// Talking to the server.

class Refused extends Error {
  constructor(status, { code, reason }) {
    super(sentence(reason));
    this.status = status;
    this.code = code;
  }
}

function sentence(text) {
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

async function send(path, options = {}) {
  const headers = { ...options.headers };
  if (session) headers["X-Session"] = session;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { code: "offline", reason: "The study's computer does not answer." });
  }
  if (response.ok) return response;
  const text = await response.json().catch(() => ({ code: "failed", reason: `The server answered ${response.status}.` }));
  throw new Refused(response.status, text);
}

async function ask(path, value, options = {}) {
  const body = value === undefined ? {} : { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
  return (await send(path, { ...body, ...options })).json();
}

// Views.

function view(name) {
  for (const id of ["welcome", "rate", "done"]) $(id).hidden = id !== name;
}

function note(id, text, action, act) {
  const place = $(id);
  place.replaceChildren(text);
  place.hidden = !text;
  if (action) {
    const button = document.createElement("button");
    button.textContent = action;
    button.onclick = act;
    place.append(button);
  }
}

function welcome(text = "") {
  session = null;
  sessionStorage.removeItem("session");
  dropClips(new Set());
  player.show(null);
  view("welcome");
  note("welcome-note", text);
  $("taken").hidden = true;
  $("name").value = sessionStorage.getItem("name") ?? "";
  $("name").focus();
}

async function begin(takeOver) {
  const name = $("name").value;
  $("start").disabled = true;
  try {
    const begun = await ask("/api/session", { name, take_over: takeOver });
    session = begun.session;
    sessionStorage.setItem("session", session);
    sessionStorage.setItem("name", begun.name);
    note("welcome-note", "");
    arrive(begun);
    if (begun.rated > 0) flash("Welcome back");
  } catch (error) {
    note("welcome-note", error.message);
    $("taken").hidden = error.code !== "name-taken";
    if (error.code === "name-taken") $("take-over").focus();
  } finally {
    $("start").disabled = false;
  }
}

// Shows what the server says comes next.
function arrive(next) {
  state = next;
  request = null;
  note("note", "");
  note("done-note", "");
  const { rated, total, unavailable } = state;
  $("who").textContent = state.name;
  $("bar").style.width = `${(100 * rated) / total}%`;
  $("bar").parentElement.setAttribute("aria-valuenow", rated);
  $("bar").parentElement.setAttribute("aria-valuemax", total);
  $("count").textContent = `${rated} of ${total} rated`;
  $("undo").disabled = $("done-undo").disabled = !state.last;
  dropClips(new Set([state.clip, state.next, state.last]));
  if (!state.clip) {
    player.show(null);
    const left = unavailable ? ` ${unavailable} cannot be shown at the moment.` : "";
    $("done-title").textContent = unavailable ? "That is all for now" : "Thank you";
    $("done-text").textContent = `You rated ${rated} of ${total} clips, and every rating is saved.${left} You can close this window.`;
    view("done");
    return;
  }
  view("rate");
  for (const input of document.querySelectorAll("fieldset input")) {
    input.checked = state.answers !== null && Number(input.value) === state.answers[input.name];
  }
  choose(0);
  mark();
  since = performance.now();
  player.show(clip(state.clip, false));
  document.activeElement?.blur();
}

function clip(key, ahead) {
  let found = clips.get(key);
  if (!found || found.error) {
    found?.drop();
    found = new Clip(key);
    clips.set(key, found);
    found.fetch(send, ahead);
  }
  return found;
}

function dropClips(kept) {
  for (const [key, dropped] of clips) {
    if (kept.has(key)) continue;
    dropped.drop();
    clips.delete(key);
  }
}

function showPlayer() {
  const shown = player.clip;
  if (!shown) return;
  $("wait").hidden = player.drawn >= 0 || shown.error !== null;
  $("play").textContent = player.playing ? "Pause" : "Play";
  $("speed").textContent = { 1: "1×", 0.5: "½×", 0.25: "¼×" }[player.speed];
  $("seek").max = Math.max(0, shown.length - 1);
  $("seek").value = player.index;
  $("frame").textContent = `${player.index + 1} / ${shown.length}${shown.complete ? "" : " …"}`;
  if (shown.error) {
    if (shown.error.code === "session-ended") return welcome(shown.error.message);
    const again = shown.error.code === "clip-changed" ? ["Next clip", refresh] : ["Load again", () => player.show(clip(shown.key, false))];
    note("note", shown.error.message, ...again);
  } else if (shown.complete && shown.note && $("note").hidden) {
    note("note", `The clip ends here: ${shown.note}. Rate what you see.`);
  }
  // The next clip is fetched once this one is here.
  if (shown.complete && state?.next && state.clip === shown.key) clip(state.next, true);
}

async function refresh() {
  try {
    arrive(await ask("/api/state"));
  } catch (error) {
    failed(error, refresh);
  }
}

function flash(text) {
  $("saved").textContent = text;
  clearTimeout(flash.timer);
  flash.timer = setTimeout(() => ($("saved").textContent = ""), 2500);
}

function failed(error, again) {
  if (error.code === "session-ended") return welcome(error.message);
  const place = $("done").hidden ? "note" : "done-note";
  if (error.code === "clip-changed") note(place, error.message, "Next clip", refresh);
  else if (error.code === "already-rated") note(place, error.message, "Go on", refresh);
  else if (error.status === 0 || error.status >= 500) note(place, `${error.message} Your answers stay here until they are saved.`, "Try again", again);
  else note(place, error.message);
}

// Answers.

function answers() {
  const found = {};
  for (const { dataset } of scales) {
    const input = document.querySelector(`input[name=${dataset.scale}]:checked`);
    if (input) found[dataset.scale] = Number(input.value);
  }
  return found;
}

function mark() {
  const given = answers();
  for (const scale of scales) scale.classList.toggle("answered", scale.dataset.scale in given);
  $("save").disabled = saving || Object.keys(given).length < scales.length;
}

function choose(index) {
  current = Math.max(0, Math.min(scales.length - 1, index));
  scales.forEach((scale, k) => scale.classList.toggle("current", k === current));
}

function answered(index) {
  request = null;
  mark();
  const given = answers();
  const open = scales.findIndex((scale) => !(scale.dataset.scale in given));
  choose(open >= 0 && index + 1 >= scales.length ? open : index + 1);
  if (index + 1 < scales.length) reveal();
}

function reveal() {
  scales[current].scrollIntoView({ block: "nearest", behavior: "smooth" });
}

async function save() {
  const given = answers();
  if (saving || !state?.clip || Object.keys(given).length < scales.length) {
    if (!saving) choose(scales.findIndex((scale) => !(scale.dataset.scale in given)));
    return;
  }
  saving = true;
  mark();
  request ??= [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const seconds = (performance.now() - since) / 1000;
  try {
    arrive(await ask("/api/rating", { clip: state.clip, request, seconds, ...given }));
    flash("Saved ✓");
    window.scrollTo({ top: 0 });
  } catch (error) {
    failed(error, save);
    if (error.status === 0 || error.status === 503) setTimeout(() => request && !$("rate").hidden && save(), RETRY_MS);
  } finally {
    saving = false;
    mark();
  }
}

async function undo() {
  if (saving || !state?.last) return;
  saving = true;
  try {
    arrive(await ask("/api/undo", { clip: state.last }));
    flash("Taken back");
  } catch (error) {
    if (error.code === "nothing-to-undo") await refresh();
    else failed(error, undo);
  } finally {
    saving = false;
    mark();
  }
}

async function rest() {
  const { rated, total } = state;
  await ask("/api/leave", {}).catch(() => {});
  welcome(`Saved: ${rated} of ${total}. Come back under the same name whenever you like.`);
}

// Hands.

$("begin").onsubmit = (event) => {
  event.preventDefault();
  begin(false);
};
$("take-over").onclick = () => begin(true);
$("other-name").onclick = () => {
  note("welcome-note", "");
  $("taken").hidden = true;
  $("name").select();
};
$("save").onclick = save;
$("undo").onclick = $("done-undo").onclick = undo;
$("rest").onclick = rest;
$("done-again").onclick = refresh;
$("play").onclick = () => player.toggle();
$("canvas").onclick = () => player.toggle();
$("back").onclick = () => player.go(player.index - 1);
$("forth").onclick = () => player.go(player.index + 1);
$("speed").onclick = () => player.faster();
$("seek").oninput = () => player.go(Number($("seek").value));
scales.forEach((scale, index) => {
  scale.onchange = () => answered(index);
  scale.onpointerdown = () => choose(index);
  scale.addEventListener("focusin", () => choose(index));
});

const keys = {
  " ": () => player.toggle(),
  ArrowLeft: () => player.go(player.index - 1),
  ArrowRight: () => player.go(player.index + 1),
  ArrowUp: () => (choose(current - 1), reveal()),
  ArrowDown: () => (choose(current + 1), reveal()),
  Home: () => player.go(0),
  End: () => player.go(-1),
  Enter: save,
  s: () => player.faster(),
  u: undo,
  b: rest,
  k: () => ($("keys").open = !$("keys").open),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || $("welcome").hidden === false) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!$("done").hidden) {
    if (key === "u") undo();
    return;
  }
  // A button that has the focus is pressed with Space and Enter.
  if ((key === " " || key === "Enter") && ["BUTTON", "SUMMARY"].includes(event.target.tagName)) return;
  if (/^[0-9]$/.test(key)) {
    const input = scales[current].querySelector(`input[value="${key}"]`);
    if (input && !event.repeat) {
      input.checked = true;
      answered(current);
    }
  } else if (keys[key]) {
    if (event.repeat && !key.startsWith("Arrow")) return;
    keys[key]();
  } else {
    return;
  }
  event.preventDefault();
}, { capture: true });

// A window that is open keeps its name.
setInterval(() => {
  if (session) ask("/api/state").catch((error) => error.code === "session-ended" && welcome(error.message));
}, HEARTBEAT_MS);
addEventListener("pagehide", () => {
  if (session) send("/api/leave", { method: "POST", keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => event.persisted && location.reload());

// A window that was loaded anew goes on where it was.
if (session && sessionStorage.getItem("name")) {
  $("name").value = sessionStorage.getItem("name");
  try {
    arrive(await ask("/api/state"));
  } catch {
    welcome();
    await begin(false);
  }
} else {
  welcome();
}
