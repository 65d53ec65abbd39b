/* Keys, dialogues, drafts. Everything works without it but slower; nothing is decided here: the server checks again. */
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = (element) => !element.closest("[hidden]") && element.getClientRects().length > 0;

  /* --- dialogues, printing, filters -------------------------------------------------------------------------------- */
  const open = (id) => { const dialog = document.getElementById(id); if (dialog && !dialog.open) dialog.showModal(); };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) { event.preventDefault(); open(opener.dataset.dialog); return; }
    if (event.target.closest("[data-close]")) { event.target.closest("dialog").close(); return; }
    if (event.target.closest("[data-print]")) { window.print(); return; }
    const goto = event.target.closest("[data-goto]");
    if (goto) { event.preventDefault(); focusItem(goto.dataset.goto); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  /* --- the subject table: arrows move ---------------------------------------------------------------------------------- */
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("[data-grid] [data-cell]");
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!cell || !(event.key in steps)) return;
    const rows = all("tbody tr", cell.closest("[data-grid]")).map((row) => all("[data-cell]", row));
    const at = rows.findIndex((row) => row.includes(cell));
    const [down, right] = steps[event.key];
    const next = rows[at + down]?.[rows[at].indexOf(cell) + right];
    if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  });

  /* --- the entry form ---------------------------------------------------------------------------------------------------- */
  const form = () => one("form[data-entry]");
  const fields = (within) => all("input:not([type=hidden]), select, textarea", within).filter((field) => !field.disabled && shown(field));
  const valueOf = (key) => {
    const named = all(`[name="v:${CSS.escape(key)}"]`);
    const radio = named.find((field) => field.type === "radio");
    return radio ? named.find((field) => field.checked)?.value ?? "" : named[0]?.value.trim() ?? "";
  };

  function focusItem(key) {
    const item = all("[data-item]").find((element) => element.dataset.item === key);
    if (!item) return;
    item.scrollIntoView({ block: "center" });
    const target = fields(item).find((field) => field.type !== "radio" || field.checked) || fields(item)[0];
    target?.focus({ preventScroll: true });
  }

  /* Items and sections that are asked only at certain answers. */
  function showAsked() {
    for (const element of all("[data-show-item]")) {
      const source = all("[data-item]").find((item) => item.dataset.item === element.dataset.showItem);
      const asked = !source?.closest("[hidden]") && element.dataset.showIs.split("|").includes(valueOf(element.dataset.showItem));
      if (element.hidden === !asked) continue;
      element.hidden = !asked;
      const link = element.id.startsWith("section-") && one(`[data-section-link="${element.id.slice(8)}"]`);
      if (link) link.hidden = !asked;
      for (const field of all("input, select, textarea", element)) field.disabled = !asked;
    }
  }

  function isChanged(item) {
    const control = one("[data-saved]:not(.unit)", item);
    if (!control) return false;
    const blank = one("[data-blank] select", item)?.value ?? "";
    const value = blank || valueOf(item.dataset.item);
    const unit = one("select.unit[data-saved]", item);
    return value !== control.dataset.saved || Boolean(unit && value && unit.value !== unit.dataset.saved);
  }

  function markChanged() {
    let changes = 0;
    for (const item of all("[data-item]", form())) {
      const changed = isChanged(item);
      item.classList.toggle("changed", changed);
      if (changed && item.dataset.answered) changes += 1;
      const own = one("[data-reason-for]", item);
      if (own) own.hidden = !changed;
    }
    for (const row of all("[data-removed]", form())) changes += Number(row.dataset.removed);
    const reasons = one("[data-reasons]");
    if (!reasons) return;
    reasons.hidden = changes === 0 && !reasons.dataset.keep;
    one("[data-changed-count]", reasons).textContent = changes ? `(${changes})` : "";
    const other = one("#reason_text", reasons);
    other.hidden = one("#reason", reasons).value !== "other";
  }

  const later = (work, delay) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(work, delay); }; };
  const send = (address, target, swap) => {
    const entry = form();
    if (!entry || !address) return;
    const values = {};
    new FormData(entry).forEach((value, name) => { values[name] = value; });
    window.htmx.ajax("POST", address, { target, swap, values });
  };
  const addresses = () => one("[data-check-url]")?.dataset ?? {};
  const check = later(() => send(addresses().checkUrl, "#draft-state", "none"), 250);
  const draft = later(() => send(addresses().draftUrl, "#draft-state", "innerHTML"), 1200);

  document.addEventListener("input", (event) => {
    if (!event.target.closest("form[data-entry]")) return;
    if (event.target.name?.startsWith("v:") && event.target.value) {
      const blank = one("[data-blank] select", event.target.closest("[data-item]") ?? document);
      if (blank?.value) blank.value = "";
    }
    showAsked(); markChanged(); draft();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.closest("form[data-entry]")) return;
    if (event.target.matches("[data-blank] select") && event.target.value) clearValue(event.target.closest("[data-item]"));
    showAsked(); markChanged(); check(); draft();
  });

  function clearValue(item) {
    for (const field of all(`[name="v:${CSS.escape(item.dataset.item)}"]`)) {
      if (field.type === "radio") field.checked = false; else field.value = "";
    }
  }

  function toggleBlank(item) {
    const blank = one("[data-blank]", item);
    if (!blank) return;
    blank.hidden = !blank.hidden;
    one("[data-null]", item)?.setAttribute("aria-expanded", String(!blank.hidden));
    if (blank.hidden) {
      one("select", blank).value = "";
      one("input", blank).value = "";
      fields(item)[0]?.focus();
    } else {
      const select = one("select", blank);
      if (!select.value && !valueOf(item.dataset.item)) select.selectedIndex = 1;
      select.focus();
    }
    markChanged(); check(); draft();
  }

  /* Repeating rows: the number of a row is never used again while the page is open, so a record keeps its name. */
  function addRow(section) {
    const rows = one(`[data-rows="${section}"]`);
    const numbers = all("[data-row]", rows).map((row) => Number(row.dataset.row));
    const next = Math.max(Number(rows.dataset.last ?? 0), 0, ...numbers) + 1;
    rows.dataset.last = next;
    const holder = document.createElement("div");
    holder.append(one(`template[data-pattern="${section}"]`).content.cloneNode(true));
    for (const element of all("*", holder)) {
      for (const name of ["id", "name", "for", "list", "data-item", "data-row", "data-show-item", "aria-label", "aria-labelledby", "aria-describedby"]) {
        const value = element.getAttribute(name);
        if (value?.includes("9999")) element.setAttribute(name, value.replaceAll("9999", String(next)));
      }
      if (element.matches("[data-row-number]")) element.textContent = String(next);
    }
    const row = holder.firstElementChild;
    rows.append(row);
    window.htmx.process(row);
    showAsked();
    fields(row)[0]?.focus();
  }
  function removeRow(row) {
    const saved = all("[data-answered='1']", row).length;
    const rows = row.parentElement;
    rows.dataset.last = Math.max(Number(rows.dataset.last ?? 0), Number(row.dataset.row));
    if (saved) rows.dataset.removed = Number(rows.dataset.removed ?? 0) + saved;
    row.remove();
    one(`[data-add="${row.dataset.section}"]`)?.focus();
    markChanged(); check(); draft();
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest("[data-null]")) toggleBlank(target.closest("[data-item]"));
    if (target.closest("[data-history]")) open("history");
    if (target.closest("[data-add]")) addRow(target.closest("[data-add]").dataset.add);
    if (target.closest("[data-remove]")) removeRow(target.closest("[data-row]"));
  });

  /* Enter goes to the next item: a row of radios is one stop. */
  function goOn(field) {
    const stops = [];
    const groups = new Set();
    for (const stop of fields(form())) {
      if (stop.closest("[data-foot], [data-reason-for]")) continue;
      if (stop.type === "radio") {
        if (groups.has(stop.name)) continue;
        groups.add(stop.name);
        stops.push(all(`[name="${CSS.escape(stop.name)}"]`).find((radio) => radio.checked) ?? stop);
      } else stops.push(stop);
    }
    const here = stops.findIndex((stop) => stop === field || (field.type === "radio" && stop.name === field.name));
    const next = stops[here + 1] ?? one("[data-save]");
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    if (next?.select && next.type !== "radio") next.select();
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    const typing = field.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (event.key === "?" && !typing && !event.ctrlKey && !event.altKey) { event.preventDefault(); open("keys"); return; }
    const entry = form();
    if (!entry) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault(); one("[data-save]")?.click(); return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault(); one("[data-save-next]")?.click(); return;
    }
    const item = field.closest?.("[data-item]");
    if (event.altKey && event.code === "KeyN" && item) { event.preventDefault(); toggleBlank(item.closest(".item") ?? item); return; }
    if (event.altKey && event.code === "KeyH" && item) { event.preventDefault(); one("[data-history]", item.closest(".item") ?? item)?.click(); return; }
    if (!field.closest?.("form[data-entry]") || field.closest("[data-foot]") || event.altKey) return;
    if (event.key === "Enter" && !event.shiftKey && !field.matches("button, a")) { event.preventDefault(); goOn(field); return; }
    if (field.type === "radio" && event.key.length === 1) {
      const wanted = event.key.toLowerCase();
      const radio = all(`[name="${CSS.escape(field.name)}"]`).find((other) => other.dataset.keys?.includes(wanted));
      if (radio) { event.preventDefault(); radio.checked = true; radio.focus(); radio.dispatchEvent(new Event("change", { bubbles: true })); radio.dispatchEvent(new Event("input", { bubbles: true })); }
    }
  });

  /* The last reason chosen is offered again. */
  document.addEventListener("change", (event) => {
    if (event.target.id === "reason") { sessionStorage.setItem("protocord-reason", event.target.value); markChanged(); }
  });

  function ready() {
    if (!form()) return;
    const reason = one("#reason");
    const last = sessionStorage.getItem("protocord-reason");
    if (reason && !reason.value && last && [...reason.options].some((option) => option.value === last)) reason.value = last;
    const reasons = one("[data-reasons]");
    if (reasons && !reasons.hidden) reasons.dataset.keep = "1";
    showAsked(); markChanged();
  }
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "entry") return;
    ready();
    const entry = one("#entry");
    const said = one(".messages li, .banner.bad, table.conflict caption", entry);
    one("#announcer").textContent = said?.textContent.trim() ?? "";
    const choice = one("table.conflict input", entry);
    const wrong = one("#summary [data-goto]", entry);
    if (choice) { choice.focus(); window.scrollTo({ top: 0 }); } else if (wrong) focusItem(wrong.dataset.goto); else if (said) window.scrollTo({ top: 0 });
  });
  /* After a check, the item's bar takes the level of its worst problem. */
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const list = event.detail.target;
    if (!list?.matches?.("ul.problems[data-level]")) return;
    const item = list.closest(".item");
    item?.classList.remove("hard", "soft");
    if (list.dataset.level) item?.classList.add(list.dataset.level);
    if (list.dataset.level === "soft" && one("[data-blank]", item)?.hidden) {
      one("[data-blank]", item).hidden = false;
    }
  });
})();
