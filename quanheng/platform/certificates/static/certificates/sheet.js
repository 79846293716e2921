// The record sheet: types like a sheet, computes as one types, keeps what was typed.
(() => {
  "use strict";
  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = sheet.dataset;
  const writable = say.writable === "yes";
  let stored = JSON.parse($("#record-data").textContent);
  let version = Number(say.version), dirty = false, stopped = false, round = 0, reload = false, saving = null;
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const send = (url, body) => fetch(url, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": token(), ...(body instanceof URLSearchParams ? {} : { "Content-Type": "application/json" }) }, body: body instanceof URLSearchParams ? body : JSON.stringify(body) });

  // From the boxes to the record: every value as text, exactly as typed.
  const put = (root, path, value) => {
    const parts = path.split(".");
    if (parts[0] !== "sections") { root[parts[0]] ??= {}; if (value === "" && parts[0] !== "item") delete root[parts[0]][parts[1]]; else root[parts[0]][parts[1]] = value; return; }
    const rows = ((root.sections ??= {})[parts[1]] ??= []);
    while (rows.length <= Number(parts[2])) rows.push({});
    if (value !== "") rows[Number(parts[2])][parts[3]] = value; else delete rows[Number(parts[2])][parts[3]];
  };
  const collect = () => {
    const data = { ...stored, item: { ...stored.item }, instrument: {}, environment: {}, sections: {}, checks: {} };
    $$("[data-given]").forEach((el) => put(data, el.dataset.given, el.textContent.trim()));
    $$("[data-path]").forEach((el) => {
      const value = el.value.trim();
      put(data, el.dataset.path, el.dataset.kind === "list" && value ? value.split(/[,;\uff0c\uff1b\u3001\s]+/).filter(Boolean) : value);
    });
    // A section whose points are not drawn yet, because a parameter is missing, keeps what was typed into it.
    for (const [key, rows] of Object.entries(stored.sections || {})) if (!$(`[data-section="${CSS.escape(key)}"] table`)) data.sections[key] = rows;
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
  const named = (o) => (o.title === o.label ? o.label : `${o.title} · ${o.label}`);
  // One bar for each judged value, under the name of what was measured; the band is what is allowed.
  const bars = (outcomes, worst) => {
    const box = $("[data-bars]"), shown = outcomes.filter((o) => o.ratio !== null && o.decides).slice(0, 80);
    box.replaceChildren();
    if (!shown.length) return;
    const x = (r) => 145 + Math.max(-1.5, Math.min(1.5, r)) * 45, rows = [];
    let last = "", y = 2;
    for (const o of shown) {
      const head = `${named(o)}${o.symbol ? ` / ${o.symbol}` : ""}`;
      if (head !== last) { rows.push({ head, y: y + 9 }); y += 14; last = head; }
      rows.push({ o, y });
      y += 12;
    }
    const svg = draw("svg", { viewBox: `0 0 250 ${y + 12}` });
    for (const { head, o, y: top } of rows) {
      if (head) { svg.append(draw("text", { x: 2, y: top, class: "head" }, head)); continue; }
      const to = x(o.ratio), mark = worst && o.path === worst.path ? "worst" : "";
      svg.append(draw("rect", { class: "band", x: x(-1), y: top, width: 90, height: 12 }), draw("line", { class: "axis", x1: 145, x2: 145, y1: top, y2: top + 12 }));
      svg.append(draw("text", { x: 8, y: top + 8, class: mark }, o.point.slice(0, 14)), draw("rect", { class: o.ok === false ? "out" : "in", x: Math.min(145, to), y: top + 1, width: Math.max(1, Math.abs(to - 145)), height: 8 }), draw("text", { x: 249, y: top + 8, class: `${mark} value` }, o.value));
    }
    svg.append(draw("text", { x: x(-1), y: y + 9, class: "edge" }, "−MPE"), draw("text", { x: x(1), y: y + 9, class: "edge" }, "+MPE"));
    box.append(svg);
  };
  // The box that a complaint speaks of: a cell, the answers of a check, the choice of a standard.
  const boxOf = (row) => row.role ? $(`[data-standards="${CSS.escape(row.role)}"] input`) : row.path && ($(`[data-path="${CSS.escape(row.path)}"]`) || (row.path.startsWith("checks.") ? $(`[data-check="${CSS.escape(row.path.slice(7))}"] input`) : null));
  const list = (el, rows, words) => el.replaceChildren(...rows.map((row) => {
    const li = document.createElement("li"), target = boxOf(row);
    if (target) { const a = document.createElement("a"); a.href = "#"; a.textContent = words(row); a.addEventListener("click", (e) => { e.preventDefault(); target.focus(); target.scrollIntoView({ block: "center" }); target.select?.(); }); li.append(a); } else li.textContent = words(row);
    return li;
  }));
  const within = (o) => o.low === null && o.high === null ? "" : o.low === null ? `≤ ${o.high}` : o.high === null ? `≥ ${o.low}` : `-${o.high}` === o.low ? `±${o.high}` : `${o.low} … ${o.high}`;
  const small = (text) => { const el = document.createElement("small"); el.textContent = text; return el; };
  const paintOutcome = (o) => {
    const cell = $(`[data-result="${CSS.escape(o.path)}"]`), limit = within(o), more = [o.U ? `U ${o.U}${o.k ? ` (k=${o.k})` : ""}` : "", limit ? `MPE ${o.mpe ? `${o.mpe} − U: ` : ""}${limit}` : ""].filter(Boolean).join(" · ");
    if (cell) { cell.replaceChildren(o.value, ...(more ? [small(more)] : [])); cell.dataset.ok = o.ok === false ? "no" : "yes"; return; }
    const summary = $(`[data-summary="${CSS.escape(o.section)}"]`);
    if (!summary) return;
    const p = document.createElement("p");
    p.className = o.ok === false ? "out" : "";
    p.append(`${o.ok === false ? "✕ " : o.ok ? "✓ " : ""}${o.label}${o.point ? ` · ${o.point}` : ""}: ${`${o.value} ${o.symbol}`.trim()} `, ...(more ? [small(more)] : []));
    summary.append(p);
  };
  // A note stands beside its box: what is wrong there, or a question that is asked once.
  const note = (el, text, kind) => {
    const old = el.parentElement.querySelector(`.rs-note.${kind}`);
    if (!text) { old?.remove(); return null; }
    const p = old || document.createElement("small");
    p.className = `rs-note ${kind}`;
    p.setAttribute("role", kind === "bad" ? "alert" : "status");
    if (p.firstChild?.textContent !== text) p.replaceChildren(text);
    if (!old) el.after(p);
    return p;
  };
  const asked = new Set();
  const ask = (cell, text) => {
    if (asked.has(cell.dataset.path)) return;
    asked.add(cell.dataset.path);
    const p = note(cell, text, "due"), button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.textContent = say.sure;
    button.addEventListener("click", () => p.remove());
    p.append(" ", button);
  };
  let typed = null, outcomes = [];
  const askFar = () => {
    const [, section, row] = typed?.dataset.path.split(".") || [];
    const far = section && outcomes.find((o) => o.section === section && String(o.row) === row && Math.abs(o.ratio || 0) > 5);
    if (far && typed !== document.activeElement) ask(typed, say.far.replace("{n}", Math.round(Math.abs(far.ratio))));
  };
  const paint = (answer) => {
    const verdict = $("[data-verdict]"), { worst, missing, invalid } = answer;
    verdict.textContent = answer.verdict === "pass" ? `✓ ${say.pass}` : answer.verdict === "reject" ? `✕ ${say.reject}` : say.open;
    verdict.className = answer.verdict === "pass" ? "qh-status qh-tone-ok" : answer.verdict === "reject" ? "qh-status qh-tone-bad" : "";
    $("[data-worst-point]").textContent = worst ? `${say.worst}: ${named(worst)}${worst.point ? ` · ${worst.point}` : ""}: ${`${worst.value} ${worst.symbol}`.trim()}, ${say.share.replace("{n}", Math.round(Math.abs(worst.ratio) * 100))}` : "";
    list($("[data-reasons]"), answer.reasons.map((text) => ({ text })), (row) => row.text);
    list($("[data-findings]"), answer.findings, (row) => row.text);
    list($("[data-missing]"), missing, (row) => row.name || row.text);
    list($("[data-invalid]"), invalid, (row) => (row.name ? `${row.name}: ${row.text}` : row.text));
    $("[data-invalid-card]").hidden = !invalid.length;
    $("[data-wrong-count]").textContent = invalid.length;
    $("[data-left]").textContent = missing.length || "✓";
    $("[data-bar]").textContent = [verdict.textContent, missing.length ? say.lacking.replace("{n}", missing.length) : "", invalid.length ? say.wrong.replace("{n}", invalid.length) : ""].filter(Boolean).join(" · ");
    $$("[data-result]").forEach((el) => { el.replaceChildren(); delete el.dataset.ok; });
    $$("[data-summary]").forEach((el) => { el.replaceChildren(); });
    answer.outcomes.forEach(paintOutcome);
    const wrong = new Map(invalid.map((p) => [p.path, p.text]));
    $$("[data-path]").forEach((el) => {
      const text = wrong.get(el.dataset.path) || "";
      if (text) el.setAttribute("aria-invalid", "true"); else el.removeAttribute("aria-invalid");
      note(el, text, "bad");
    });
    outcomes = answer.outcomes;
    bars(outcomes, worst);
    askFar();
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
  // A date that is still being typed is not sent yet.
  const day = (el) => (el === document.activeElement && !/^\d{4}-\d{2}-\d{2}$/.test(el.value) ? "" : el.value);
  // Whether everything that had been typed when it began is kept now.
  const keep = async () => {
    if (saving) { await saving; return keep(); }
    if (stopped || !dirty) return !stopped;
    dirty = false;
    state(say.saving);
    let good = false;
    saving = (async () => {
      try {
        const body = { data: collect(), version, performed_on: day($('[data-top="performed_on"]')), place: $('[data-top="place"]').value };
        const answer = await send(say.save, body), told = await answer.json();
        if (answer.ok) {
          good = true;
          version = told.version;
          const upload = $("[data-upload-version]");
          if (upload) upload.value = version;
          state(`✓ ${say.saved} ${new Date(told.saved_at).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false })}`);
          if (reload) { reload = false; await redraw(); }
        } else if (answer.status === 409) { stopped = true; state(say.conflict, "bad"); } else { dirty = true; state(`${say.unsaved}: ${told.message}`, "bad"); }
      } catch { dirty = true; state(say.offline, "bad"); save(); }
    })();
    await saving;
    saving = null;
    return good;
  };
  const save = later(1200, keep);
  // A parameter draws the sheet anew, in place: what is being typed meanwhile, its caret and every reading stay. Readings
  // of rows that vanish are remembered and come back with their rows.
  const ever = new Map();
  const redraw = async () => {
    const fresh = new DOMParser().parseFromString(await (await fetch(location.href, { credentials: "same-origin" })).text(), "text/html"), form = $(".rs-form", fresh);
    if (!form) { stopped = true; state(say.conflict, "bad"); return; }
    const boxes = $$("[data-path], [data-top], [data-remarks]"), key = (el) => el.dataset.path || el.dataset.top || "remarks";
    const now = new Map(boxes.map((el) => [key(el), el.value])), at = document.activeElement, focus = sheet.contains(at) && at.matches("[data-path], [data-top], [data-remarks]") ? key(at) : "";
    const caret = focus && at.selectionStart !== undefined ? [at.selectionStart, at.selectionEnd] : null;
    const ticks = new Map($$("[data-standard]").map((el) => [`${el.dataset.role} ${el.dataset.standard}`, el.checked]));
    const answers = new Map($$("[data-check]").map((el) => [el.dataset.check, $("input:checked", el)?.value]));
    const word = $("[data-state]").textContent;
    now.forEach((value, path) => { if (value) ever.set(path, value); });
    $(".rs-form").replaceChildren(...form.childNodes);
    stored = JSON.parse($("#record-data", fresh).textContent);
    let restored = false;
    $$("[data-path], [data-top], [data-remarks]").forEach((el) => {
      const path = key(el);
      if (now.has(path)) el.value = now.get(path); else if (!el.value && ever.has(path)) { el.value = ever.get(path); restored = true; }
      if (path === focus) { el.focus({ preventScroll: true }); if (caret?.[0] !== null && caret) try { el.setSelectionRange(...caret); } catch { /* a date or a list has no caret */ } }
    });
    $$("[data-standard]").forEach((el) => { const was = ticks.get(`${el.dataset.role} ${el.dataset.standard}`); if (was !== undefined && !el.disabled) el.checked = was; });
    $$("[data-check]").forEach((el) => { const was = answers.get(el.dataset.check), radio = was && $(`input[value="${was}"]`, el); if (radio) radio.checked = true; });
    paint(JSON.parse($("#record-answer", fresh).textContent));
    state(word);
    if (restored) changed(); else evaluate();
  };
  const changed = () => { dirty = true; state(say.unsaved); evaluate(); save(); };
  sheet.addEventListener("input", (event) => { if (event.target.matches(".rs-cell")) { typed = event.target; note(typed, "", "due"); } changed(); });
  sheet.addEventListener("change", (event) => { if (event.target.hasAttribute("data-reload")) { reload = true; changed(); keep(); } else if (event.target.matches("[data-top], [data-standard]")) { reload = event.target.matches('[data-top="performed_on"]'); changed(); } });
  addEventListener("beforeunload", (event) => { if (dirty && !stopped) event.preventDefault(); });
  $(".rs-form").addEventListener("submit", (event) => event.preventDefault());
  // A step of the page (submit, read a file) waits until everything typed is kept.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches(".rs-form") || form.method !== "post" || form.dataset.kept || !dirty && !saving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    while (await keep()) if (!dirty) { form.dataset.kept = "yes"; form.requestSubmit(event.submitter); return; }
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
    let { row, at } = place(cell), rest = false;
    for (const line of text.replace(/\r/g, "").replace(/\n+$/, "").split("\n")) {
      const boxes = row ? $$("td", row).slice(at).map((td) => $(".rs-cell", td)).filter(Boolean) : [];
      line.split("\t").forEach((value, i) => { if (boxes[i]) boxes[i].value = value.trim(); else if (value.trim()) rest = true; });
      row = row?.nextElementSibling;
    }
    note(cell, rest ? say.rest : "", "due");
    changed();
  });
  // A strange reading is asked about once, not forbidden. A few of its last digits are no news: additional weights differ every year.
  const steps = (text) => 10 * 10 ** -(text.split(".")[1] || "").length;
  sheet.addEventListener("focusout", (event) => {
    const cell = event.target.closest(".rs-cell");
    if (!cell) return;
    setTimeout(askFar);
    const now = parseFloat(cell.value), before = parseFloat(cell.placeholder);
    if (Number.isFinite(now) && Number.isFinite(before) && Math.abs(now - before) > Math.max(Math.abs(before) * 0.5, steps(cell.placeholder))) ask(cell, say.strange.replace("{last}", cell.placeholder));
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
  addEventListener("pagehide", () => fetch(say.presence, { method: "POST", credentials: "same-origin", keepalive: true, headers: { "X-CSRFToken": token() }, body: new URLSearchParams({ device, leave: "yes" }) }));
})();
