// The record sheet: types like a sheet, computes as one types, keeps what was typed.
(() => {
  "use strict";
  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = sheet.dataset;
  const writable = say.writable === "yes";
  const stored = JSON.parse($("#record-data").textContent), names = JSON.parse($("#record-names").textContent);
  const name = (outcome) => names[`${outcome.section}.${outcome.quantity}`] || outcome.quantity;
  let version = Number(say.version), dirty = false, stopped = false, round = 0, reload = false, saving = null;
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const send = (url, body) => fetch(url, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": token(), ...(body instanceof URLSearchParams ? {} : { "Content-Type": "application/json" }) }, body: body instanceof URLSearchParams ? body : JSON.stringify(body) });

  // From the boxes to the record: every value as text, exactly as typed.
  const put = (root, path, value) => {
    const parts = path.split(".");
    if (parts[0] !== "sections") { root[parts[0]] ??= {}; if (value === "") delete root[parts[0]][parts[1]]; else root[parts[0]][parts[1]] = value; return; }
    const rows = ((root.sections ??= {})[parts[1]] ??= []);
    while (rows.length <= Number(parts[2])) rows.push({});
    if (value !== "") rows[Number(parts[2])][parts[3]] = value; else delete rows[Number(parts[2])][parts[3]];
  };
  const collect = () => {
    const data = { ...stored, instrument: {}, environment: {}, sections: {}, checks: {} };
    $$("[data-given]").forEach((el) => put(data, el.dataset.given, el.textContent.trim()));
    $$("[data-path]").forEach((el) => {
      const value = el.value.trim();
      put(data, el.dataset.path, el.dataset.kind === "list" && value ? value.split(/[,;，；\s]+/).filter(Boolean) : value);
    });
    for (const [key, rows] of Object.entries(data.sections)) {
      // A trailing optional row with nothing but its given point counts as not there.
      while (rows.length && $(`[data-section="${key}"] tbody tr:nth-child(${rows.length})`)?.classList.contains("optional") && $$(`[data-path^="sections.${key}.${rows.length - 1}."]`).every((el) => !el.value.trim())) rows.pop();
    }
    data.standards = $$("[data-standard]:checked").map((el) => ({ role: el.dataset.role, item: el.dataset.standard }));
    $$("[data-check]").forEach((el) => { const picked = $("input:checked", el); if (picked) data.checks[el.dataset.check] = picked.value === "true"; });
    const remarks = $("[data-remarks]").value.trim();
    if (remarks) data.remarks = remarks; else delete data.remarks;
    return data;
  };

  // Painting what the server computed.
  const SVG = "http://www.w3.org/2000/svg";
  const draw = (name, attributes, text) => { const el = document.createElementNS(SVG, name); for (const [k, v] of Object.entries(attributes)) el.setAttribute(k, v); if (text) el.textContent = text; return el; };
  const bars = (outcomes, worst) => {
    const box = $("[data-bars]"), shown = outcomes.filter((o) => o.ratio !== null && o.decides).slice(0, 60);
    box.replaceChildren();
    if (!shown.length) return;
    const high = shown.length * 12 + 16, x = (r) => 150 + Math.max(-1.5, Math.min(1.5, r)) * 60;
    const svg = draw("svg", { viewBox: `0 0 250 ${high}` });
    svg.append(draw("rect", { class: "band", x: x(-1), y: 2, width: 120, height: high - 14 }), draw("line", { class: "axis", x1: 150, x2: 150, y1: 2, y2: high - 12 }));
    shown.forEach((o, i) => {
      const y = 4 + i * 12, to = x(o.ratio), at = Math.min(150, to);
      svg.append(draw("text", { x: 2, y: y + 8, class: worst && o.path === worst.path ? "worst" : "" }, `${name(o)} ${o.point}`.slice(0, 14)), draw("rect", { class: o.ok === false ? "out" : "in", x: at, y, width: Math.max(1, Math.abs(to - 150)), height: 8 }));
    });
    svg.append(draw("text", { x: x(-1) - 12, y: high - 2 }, "−MPE"), draw("text", { x: x(1) - 10, y: high - 2 }, "+MPE"));
    box.append(svg);
  };
  const named = (el) => {
    const title = $("h2", el.closest(".qh-card"))?.textContent.trim();
    const own = el.getAttribute("aria-label") || $("legend, span", el.closest("[data-check], label"))?.firstChild.textContent.trim();
    return [title, own].filter(Boolean).join(" · ");
  };
  const list = (el, rows) => el.replaceChildren(...rows.map((row) => {
    const li = document.createElement("li");
    const check = row.path?.startsWith("checks.") && $(`[data-check="${CSS.escape(row.path.slice(7))}"]`);
    const target = check ? $("input", check) : row.path && $(`[data-path="${CSS.escape(row.path)}"]`);
    if (target) { const a = document.createElement("a"); a.href = "#"; a.textContent = `${named(target)}: ${row.text}`; a.addEventListener("click", (e) => { e.preventDefault(); target.focus(); }); li.append(a); } else li.textContent = row.text;
    return li;
  }));
  const paint = (answer) => {
    const verdict = $("[data-verdict]");
    verdict.textContent = answer.verdict === "pass" ? `✓ ${say.pass}` : answer.verdict === "reject" ? `✕ ${say.reject}` : say.open;
    verdict.className = answer.verdict === "pass" ? "qh-status qh-tone-ok" : answer.verdict === "reject" ? "qh-status qh-tone-bad" : "";
    $("[data-worst-point]").textContent = answer.worst ? `${say.worst}: ${name(answer.worst)} @ ${answer.worst.point} = ${answer.worst.value} (${Math.round(Math.abs(answer.worst.ratio) * 100)} % MPE)` : "";
    list($("[data-reasons]"), answer.reasons.map((text) => ({ text })));
    list($("[data-findings]"), answer.findings);
    const left = [...answer.invalid, ...answer.missing];
    list($("[data-missing]"), left.slice(0, 12));
    $("[data-left]").textContent = left.length || "✓";
    $$("[data-result]").forEach((el) => { el.textContent = ""; delete el.dataset.ok; });
    $$("[data-summary]").forEach((el) => { el.textContent = ""; });
    answer.outcomes.forEach((o) => {
      const cell = $(`[data-result="${CSS.escape(o.path)}"]`), text = o.U ? `${o.value} ± ${o.U}` : o.value;
      if (cell) { cell.textContent = text; cell.title = o.high === null && o.low === null ? "" : `[${o.low ?? ""} … ${o.high ?? ""}]`; cell.dataset.ok = o.ok === false ? "no" : "yes"; return; }
      const summary = $(`[data-summary="${CSS.escape(o.section)}"]`);
      if (summary) { const p = document.createElement("p"); p.textContent = `${name(o)}${o.point ? ` @ ${o.point}` : ""}: ${text}${o.high === null ? "" : ` (≤ ${o.high})`} ${o.ok === false ? "✕" : o.ok ? "✓" : ""}`; summary.append(p); }
    });
    const wrong = new Map(answer.invalid.map((p) => [p.path, p.text]));
    $$("[data-path]").forEach((el) => {
      const text = wrong.get(el.dataset.path);
      if (text) { el.setAttribute("aria-invalid", "true"); el.title = text; } else { el.removeAttribute("aria-invalid"); el.title = ""; }
    });
    bars(answer.outcomes, answer.worst);
  };
  paint(JSON.parse($("#record-answer").textContent));
  if (!writable) return;

  // Computing and saving, each after a pause.
  const state = (text, tone = "") => { const el = $("[data-state]"); el.textContent = text; el.dataset.tone = tone; };
  const later = (wait, act) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(act, wait); }; };
  const evaluate = later(300, async () => {
    const mine = ++round;
    try {
      const answer = await send(say.evaluate, { data: collect() });
      if (answer.ok && mine === round) paint(await answer.json());
    } catch { /* the next keystroke asks again */ }
  });
  const keep = async () => {
    if (stopped || !dirty) return;
    if (saving) { await saving; return keep(); }
    dirty = false;
    state(say.saving);
    saving = (async () => {
      try {
        const body = { data: collect(), version, performed_on: $('[data-top="performed_on"]').value, place: $('[data-top="place"]').value };
        const answer = await send(say.save, body), told = await answer.json();
        if (answer.ok) {
          version = told.version;
          const upload = $("[data-upload-version]");
          if (upload) upload.value = version;
          state(`✓ ${say.saved} ${new Date(told.saved_at).toLocaleTimeString()}`);
          if (reload) location.reload();
        } else if (answer.status === 409) { stopped = true; state(say.conflict, "bad"); } else { dirty = true; state(`${say.unsaved}: ${told.message}`, "bad"); }
      } catch { dirty = true; state(say.offline, "bad"); save(); }
    })();
    await saving;
    saving = null;
  };
  const save = later(1200, keep);
  const changed = () => { dirty = true; state(say.unsaved); evaluate(); save(); };
  sheet.addEventListener("input", changed);
  sheet.addEventListener("change", (event) => { if (event.target.hasAttribute("data-reload")) { reload = true; changed(); keep(); } else if (event.target.matches("[data-top], [data-standard]")) { reload = event.target.matches('[data-top="performed_on"]'); changed(); } });
  addEventListener("beforeunload", (event) => { if (dirty && !stopped) event.preventDefault(); });
  $(".rs-form").addEventListener("submit", (event) => event.preventDefault());
  // A step of the page (submit, read a file) waits until everything typed is kept.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches(".rs-form") || form.method !== "post" || form.dataset.kept || !dirty && !saving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await keep();
    if (!dirty && !stopped) { form.dataset.kept = "yes"; form.requestSubmit(event.submitter); }
  }, true);

  // Enter goes down, Tab right; a block pasted from a spreadsheet fills the cells.
  const place = (cell) => { const row = cell.closest("tr"); return { row, at: $$("td", row).indexOf(cell.closest("td")) }; };
  const cellAt = (row, at) => row && $(".rs-cell", row.children[at + 1] || row);
  sheet.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".rs-cell");
    if (!cell || !["Enter", "ArrowDown", "ArrowUp"].includes(event.key) || event.isComposing) return;
    event.preventDefault();
    const up = event.key === "ArrowUp" || event.shiftKey, { row, at } = place(cell);
    let next = up ? row.previousElementSibling : row.nextElementSibling;
    while (next && !$(".rs-cell", next.children[at + 1])) next = up ? next.previousElementSibling : next.nextElementSibling;
    const target = next && cellAt(next, at);
    if (target) { target.focus(); target.select(); return; }
    const all = $$(".rs-cell"), last = $$(".rs-cell", row.closest("tbody")).pop();
    if (!up) { const after = all[all.indexOf(last) + 1]; after?.focus(); after?.select(); }
  });
  sheet.addEventListener("paste", (event) => {
    const cell = event.target.closest(".rs-cell");
    const text = event.clipboardData.getData("text/plain");
    if (!cell || !/[\t\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    let { row, at } = place(cell);
    for (const line of text.replace(/\r/g, "").replace(/\n$/, "").split("\n")) {
      if (!row) break;
      const boxes = $$("td", row).slice(at).map((td) => $(".rs-cell", td)).filter(Boolean);
      line.split("\t").forEach((value, i) => { if (boxes[i]) boxes[i].value = value.trim(); });
      row = row.nextElementSibling;
    }
    changed();
  });
  // A strange reading is asked about once, not forbidden.
  const asked = new Set();
  sheet.addEventListener("focusout", (event) => {
    const cell = event.target.closest(".rs-cell");
    if (!cell || asked.has(cell.dataset.path)) return;
    const now = parseFloat(cell.value), before = parseFloat(cell.placeholder);
    if (Number.isFinite(now) && Number.isFinite(before) && Math.abs(now - before) > Math.max(Math.abs(before), 1e-9) * 0.5) {
      asked.add(cell.dataset.path);
      state(`${say.strange} (${cell.value} / ${cell.placeholder})`, "bad");
    }
  });

  // Other devices.
  const device = (sessionStorage.recordDevice ??= crypto.getRandomValues(new Uint32Array(2)).join("-"));
  const present = async (leave = "") => {
    try {
      const told = await (await send(say.presence, new URLSearchParams({ device, leave }))).json();
      const note = $("[data-others]");
      note.hidden = !told.others.length;
      note.textContent = told.others.length ? `${say.opened} ${told.others.join(", ")}` : "";
      if (told.version > version && !saving && !dirty) { stopped = true; state(say.conflict, "bad"); }
    } catch { /* asked again soon */ }
  };
  present();
  setInterval(present, 20000);
})();
