// Comfort only: what is typed in a form outlives a reload, a detour and a wrong button, in this tab, for 30 minutes.
// It stays in the browser until it is sent; passwords, hidden fields and fields with autocomplete="off" are left out.
(() => {
  "use strict";

  const LASTS = 30 * 60 * 1000;
  const PREFIX = "typed ";
  const NOT_KEPT = "[type=hidden], [type=password], [type=file], [type=submit], [autocomplete=off]";

  let store;
  try {
    store = window.sessionStorage;
    store.getItem(PREFIX);
  } catch {
    return; // storage is switched off
  }

  const read = (key) => JSON.parse(store.getItem(key) ?? "null");
  const write = (key, record) => {
    try {
      store.setItem(key, JSON.stringify(record));
    } catch {
      store.removeItem(key); // it is full
    }
  };
  const keys = () => Object.keys(store).filter((key) => key.startsWith(PREFIX));

  // A form is known by where it is sent to, in either language; what stands behind the ? says whom it is about.
  const keyOf = (form) => {
    const to = new URL(form.action);
    to.searchParams.delete("language");
    return PREFIX + to.pathname.replace(/^\/en(?=\/)/, "") + to.search;
  };

  const fieldsOf = (form) =>
    [...form.elements].filter((e) => e.name && e.matches("input, select, textarea") && !e.matches(NOT_KEPT));
  const isTick = (e) => e.type === "checkbox" || e.type === "radio";
  const nameOf = (e) => (isTick(e) ? `${e.name}=${e.value}` : e.name);
  const valueOf = (e) => (isTick(e) ? e.checked : e.value);
  const setValue = (e, value) => (isTick(e) ? (e.checked = value) : (e.value = value));

  // What the server wrote into the field.
  const givenTo = (e) => {
    if (isTick(e)) return e.defaultChecked;
    if (e.tagName !== "SELECT") return e.defaultValue;
    return ([...e.options].find((option) => option.defaultSelected) ?? e.options[0])?.value;
  };

  // Each field that was changed, with what the server had given to it before.
  const keep = (form) => {
    const key = keyOf(form);
    const kept = read(key)?.fields ?? {};
    for (const e of fieldsOf(form)) {
      const name = nameOf(e);
      const given = kept[name]?.given ?? givenTo(e);
      if (name in kept || valueOf(e) !== given) kept[name] = { given, typed: valueOf(e) };
    }
    if (Object.keys(kept).length) write(key, { at: Date.now(), fields: kept });
  };

  // Into fields that nobody has touched, neither the browser nor a newer version of what the form shows.
  const putBack = (form, fields) => {
    for (const e of fieldsOf(form)) {
      const kept = fields[nameOf(e)];
      if (kept && kept.given === givenTo(e) && valueOf(e) === kept.given) setValue(e, kept.typed);
    }
  };

  const forgetOld = () => {
    for (const key of keys()) if (!(Math.abs(Date.now() - read(key).at) < LASTS)) store.removeItem(key);
  };

  const forms = [...document.forms].filter((form) => form.method === "post");
  const here = new Set(forms.map(keyOf));
  const isAnswer = "answer" in document.documentElement.dataset;

  forgetOld();
  setInterval(forgetOld, 60 * 1000);

  // What was sent has succeeded when the browser was led on to another page.
  for (const key of keys()) {
    const record = read(key);
    if (here.has(key)) write(key, { ...record, sent: false });
    else if (record.sent && !isAnswer) store.removeItem(key);
  }

  for (const form of forms) {
    const record = read(keyOf(form));
    if (record && !form.querySelector("[data-typed]")) putBack(form, record.fields);
    form.addEventListener("input", () => keep(form));
    form.addEventListener("submit", ({ submitter }) => {
      if ("forget" in form.dataset) for (const key of keys()) store.removeItem(key);
      const key = keyOf(form);
      const isSent = !["leave", "switch_language"].includes(submitter?.name);
      if (isSent && read(key)) write(key, { ...read(key), sent: true });
    });
  }
})();
