// Behaviour of every page: keyboard, palette, theme, tables, forms. No inline handlers, no outside requests.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const body = document.body;
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));

  const loaded = {};
  const script = (src) => (loaded[src] ??= new Promise((done, fail) => {
    const el = document.createElement("script");
    el.src = src; el.onload = done; el.onerror = fail;
    document.head.append(el);
  }));
  const style = (href) => {
    if (!href || loaded[href]) return;
    loaded[href] = true;
    const el = document.createElement("link");
    el.rel = "stylesheet"; el.href = href;
    document.head.append(el);
  };

  // Theme: a cookie for a year, read by the server before the next page.
  $$("[data-theme-toggle]").forEach((button) => button.addEventListener("click", () => {
    const root = document.documentElement;
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = root.dataset.theme = next;
    document.cookie = `qh_theme=${next}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    document.dispatchEvent(new CustomEvent("qh:theme"));
  }));

  // What was sent when the session had ended: kept in this tab, put back when the same person returns by the login page.
  const KEPT = "qh:kept", person = body.dataset.person || "", here = location.pathname + location.search;
  const fields = (form) => [...form.elements].filter((el) => el.name && !/^(hidden|password|file|submit|button)$/.test(el.type));
  const value = (el) => (/^(checkbox|radio)$/.test(el.type) ? el.checked : el.multiple ? [...el.selectedOptions].map((o) => o.value) : el.value);
  const put = (el, kept) => {
    if (/^(checkbox|radio)$/.test(el.type)) el.checked = kept;
    else if (el.multiple) [...el.options].forEach((o) => { o.selected = kept.includes(o.value); });
    else el.value = kept;
  };
  if (person) {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null"), form = $("#content form[method=post]");
    sessionStorage.removeItem(KEPT);
    if (kept?.person === person && kept.here === here && form && new URL(document.referrer || location.href).pathname.startsWith("/accounts/")) {
      const own = fields(form);
      if (own.length === kept.fields.length) own.forEach((el, n) => { if (el.name === kept.fields[n][0]) put(el, kept.fields[n][1]); });
      const note = document.createElement("div");
      note.className = "alert alert-info"; note.setAttribute("role", "status"); note.textContent = body.dataset.restored;
      form.before(note);
    }
    document.addEventListener("submit", (event) => {
      const sent = event.target;
      if (sent !== $("#content form[method=post]")) return;
      sessionStorage.setItem(KEPT, JSON.stringify({ person, here, fields: fields(sent).map((el) => [el.name, value(el)]) }));
    }, true);
  }

  // Menu on the phone.
  const veil = $("[data-nav-close]");
  const nav = (open) => { body.classList.toggle("nav-open", open); if (veil) veil.hidden = !open; };
  $("[data-nav-open]")?.addEventListener("click", () => { nav(true); $("#side a")?.focus(); });
  veil?.addEventListener("click", () => nav(false));

  // Palette: pages from the menu at once, records from the server.
  const palette = $("#palette");
  const input = palette && $("input", palette);
  const hits = palette && $("#hits");
  let timer, round = 0;
  const pages = () => $$("#side .qh-nav a").map((a) => ({ label: $("span", a).textContent, url: a.href, letter: a.dataset.go || "" }));
  const line = (label, url, note) => {
    const li = document.createElement("li"), a = document.createElement("a"), text = document.createElement("span"), small = document.createElement("small");
    a.href = url; a.setAttribute("role", "option"); text.textContent = label; small.textContent = note || "";
    a.append(text, small); li.append(a);
    return li;
  };
  const pick = (step) => {
    const rows = $$("a", hits);
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const next = rows[at < 0 ? 0 : (at + step + rows.length) % rows.length];
    rows.forEach((row) => row.setAttribute("aria-selected", row === next));
    next.scrollIntoView({ block: "nearest" });
  };
  const look = () => {
    const query = input.value.trim(), mine = ++round;
    const local = pages().filter((page) => !query || page.label.toLowerCase().includes(query.toLowerCase()));
    hits.replaceChildren(...local.map((page) => line(page.label, page.url, page.letter && `g ${page.letter}`)));
    pick(0);
    clearTimeout(timer);
    if (query.length > 1) timer = setTimeout(() => ask(query, mine), 150);
  };
  const ask = async (query, mine) => {
    const answer = await fetch(`${input.dataset.url}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true" } });
    if (mine !== round || !answer.ok) return;
    const box = document.createElement("template");
    box.innerHTML = await answer.text();
    hits.append(box.content);
    if (!$("[aria-selected=true]", hits)) pick(0);
  };
  const openPalette = () => { if (!palette || palette.open) return; palette.showModal(); input.value = ""; look(); };
  input?.addEventListener("input", look);
  input?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); pick(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); pick(-1); }
    if (event.key === "Enter") { event.preventDefault(); $("[aria-selected=true]", hits)?.click(); }
  });
  $$("[data-palette]").forEach((el) => el.addEventListener("click", openPalette));
  const keys = $("#keys");
  $$("[data-keys]").forEach((el) => el.addEventListener("click", () => keys?.showModal()));
  $$("dialog.qh-dialog").forEach((dialog) => dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }));

  // Rows: cursor, selection, preview.
  const rows = () => $$("[data-rows] tbody tr[data-href], [data-row]");
  const cursor = () => $("tr.cursor, [data-row].cursor");
  const move = (step) => {
    const all = rows(), at = all.indexOf(cursor());
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    if (!next) return;
    all.forEach((row) => row.classList.toggle("cursor", row === next));
    next.scrollIntoView({ block: "nearest" });
  };
  const preview = (row) => {
    if (!row?.dataset.preview || !window.htmx) return false;
    htmx.ajax("GET", row.dataset.preview, { target: "#preview-body", swap: "innerHTML" });
    const panel = $("#preview");
    (window.bootstrap ?? window.tabler?.bootstrap ?? window.tabler)?.Offcanvas.getOrCreateInstance(panel).show();
    return true;
  };
  const picked = (list) => {
    const boxes = $$("td.pick input", list), on = boxes.filter((box) => box.checked);
    boxes.forEach((box) => box.closest("tr").classList.toggle("picked", box.checked));
    list.classList.toggle("has-selection", on.length > 0);
    const head = $("th.pick input", list);
    if (head) { head.checked = on.length === boxes.length && on.length > 0; head.indeterminate = on.length > 0 && on.length < boxes.length; }
    $$("[data-picked]", list).forEach((el) => { el.textContent = on.length; });
    const whole = $("[data-whole]", list);
    if (whole) { whole.hidden = !(head && head.checked); if (whole.hidden) $("input", whole).checked = false; }
  };
  document.addEventListener("change", (event) => {
    const list = event.target.closest("[data-rows]");
    if (list && event.target.closest(".pick")) {
      if (event.target.closest("th")) $$("td.pick input", list).forEach((box) => { box.checked = event.target.checked; });
      picked(list);
    }
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preview-button]");
    if (button) { event.preventDefault(); preview(button.closest("[data-preview]")); return; }
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, label, select, summary, .pick") || getSelection().toString()) return;
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.href); else location.href = row.dataset.href;
  });

  let waiting = false;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.key === "Escape") nav(false);
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (waiting) {
      waiting = false;
      const link = $(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    const now = cursor(), onControl = event.target.closest?.("a, button, summary");
    const act = {
      "/": openPalette, "?": () => keys?.showModal(), g: () => { waiting = true; setTimeout(() => { waiting = false; }, 1200); },
      j: () => move(1), k: () => move(-1),
      x: () => { const box = now && $("td.pick input", now); if (box) box.click(); },
      "[": () => $("[data-page=previous]")?.click(), "]": () => $("[data-page=next]")?.click(),
    }[event.key];
    if (act) { event.preventDefault(); act(); return; }
    if (onControl || !now) return;
    if (event.key === "Enter") { const link = now.dataset.href || $("a", now)?.href; if (link) location.href = link; }
    if (event.key === " " && preview(now)) event.preventDefault();
  });

  // Forms: consequences are spelled out, double submission is stopped, files show their names.
  const confirmBox = $("#confirm");
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    const text = button?.dataset.confirm || form.dataset.confirm;
    if (text && confirmBox && form.dataset.confirmed !== "yes") {
      event.preventDefault(); event.stopPropagation();
      $("[data-text]", confirmBox).textContent = text;
      $("[data-verb]", confirmBox).textContent = button?.dataset.confirmVerb || form.dataset.confirmVerb || button?.textContent || "OK";
      confirmBox.returnValue = "";
      confirmBox.showModal();
      confirmBox.addEventListener("close", () => {
        if (confirmBox.returnValue !== "yes") return;
        form.dataset.confirmed = "yes"; form.requestSubmit(button); form.dataset.confirmed = "";
      }, { once: true });
      return;
    }
    if (once(form) && form.dataset.sent) event.preventDefault();
  }, true);
  // Only what really leaves counts as sent: a page that keeps something first stops the submission and sends it again.
  const once = (form) => form.method === "post" && !form.hasAttribute("hx-post") && !form.hasAttribute("data-many");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !once(form)) return;
    form.dataset.sent = "yes";
    const busy = $("[data-busy]", form);
    if (busy) busy.hidden = false;
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
  addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => { delete form.dataset.sent; $$("[data-busy]", form).forEach((el) => { el.hidden = true; }); }));
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-dismiss]");
    if (close) close.closest(".qh-flash").remove();
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText($(copy.dataset.copy)?.value ?? copy.dataset.copy).then(() => { copy.classList.add("btn-success"); });
  });
  // Dates: one form whatever the browser's language. What is typed or picked becomes 2026-05-20.
  const iso = (text) => {
    const found = text.trim().match(/^(\d{4})(?:[-\/.年\s]+(\d{1,2})[-\/.月\s]+(\d{1,2})日?|(\d{2})(\d{2}))$/);
    return found ? [found[1], found[2] ?? found[4], found[3] ?? found[5]].map((part) => part.padStart(2, "0")).join("-") : text;
  };
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches?.("[data-calendar]")) {
      event.stopPropagation();
      const typed = $("[data-date]", box.closest(".qh-date"));
      typed.value = box.value;
      for (const name of ["input", "change"]) typed.dispatchEvent(new Event(name, { bubbles: true }));
    } else if (box.matches?.("[data-date]")) box.value = iso(box.value);
  }, true);
  document.addEventListener("pointerdown", (event) => {
    const day = event.target.closest?.("[data-calendar]");
    if (day) day.value = iso($("[data-date]", day.closest(".qh-date")).value);
  }, true);
  const size = (n) => (n > 1048576 ? `${(n / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(n / 1024))} kB`);
  document.addEventListener("change", (event) => {
    const drop = event.target.closest(".qh-drop");
    if (drop) $("[data-names]", drop).textContent = [...event.target.files].map((f) => `${f.name} (${size(f.size)})`).join(" · ");
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => event.target.closest?.(".qh-drop")?.classList.toggle("over", name === "dragenter" || name === "dragover"));
  }

  // Whatever arrives, whole page or part.
  const ready = (root) => {
    $$("[data-focus]", root).forEach((el) => el.focus());
    $$("[data-rows]", root.parentNode ?? root).forEach(picked);
    $$("thead th.pick input", root).forEach((box) => { box.autocomplete = "off"; });
    const selects = $$("select[data-search]:not(.tomselected)", root);
    if (selects.length && body.dataset.select) {
      style(body.dataset.selectCss);
      script(body.dataset.select).then(() => selects.forEach((el) => new TomSelect(el, { maxOptions: 500, refreshThrottle: 0, render: { no_results: () => `<div class="no-results">${el.dataset.none || "—"}</div>` } })));
    }
    const charts = $$("[data-chart]", root);
    if (charts.length && body.dataset.charts) {
      script(body.dataset.charts).then(() => window.quanhengCharts.draw(charts, { script, style, data: body.dataset }));
    }
  };
  window.quanheng = { script, style, ready };
  ready(document);
  document.addEventListener("htmx:afterSwap", (event) => ready(event.detail.target));
  document.addEventListener("htmx:responseError", (event) => {
    // An answer that is a whole page (signed out, an error) is shown whole.
    const xhr = event.detail.xhr;
    if ((xhr.getResponseHeader("Content-Type") || "").includes("html") && xhr.responseText.includes("<html")) location.href = xhr.responseURL || location.href;
  });
})();
