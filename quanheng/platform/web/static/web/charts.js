// Charts read plain JSON. Canvas text neither inherits CSS fonts nor fetches font slices, so both are done here.
window.quanhengCharts = (() => {
  "use strict";
  const FAMILY = "Noto Sans SC Variable";
  const FALLBACK = `"${FAMILY}", "PingFang SC", "Microsoft YaHei", sans-serif`;
  const texts = (value, found = []) => {
    if (typeof value === "string") found.push(value);
    else if (value && typeof value === "object") Object.values(value).forEach((v) => texts(v, found));
    return found;
  };
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const fontsFor = (text) => Promise.all([400, 500, 600].map((w) => document.fonts.load(`${w} 14px "${FAMILY}"`, text).catch(() => [])));
  const COMPONENTS = ["title", "legend", "tooltip", "xAxis", "yAxis", "visualMap", "series", "radar", "geo", "timeline"];
  const themed = (option) => {
    const ink = colour("--tblr-body-color"), soft = colour("--tblr-secondary"), line = colour("--tblr-border-color"), surface = colour("--tblr-bg-surface");
    const text = { fontFamily: FALLBACK, color: ink };
    const out = { color: ["--qh-work", "--qh-due", "--qh-ok", "--qh-bad", "--qh-off"].map(colour), textStyle: text, animationDuration: 200, aria: { enabled: true },
      grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true }, ...option };
    for (const name of COMPONENTS) {
      if (!out[name]) continue;
      const one = (part) => ({ ...part, textStyle: { ...text, ...part.textStyle }, ...(/Axis$/.test(name) && {
        axisLabel: { color: soft, fontFamily: FALLBACK, ...part.axisLabel }, nameTextStyle: { color: soft, fontFamily: FALLBACK, ...part.nameTextStyle },
        axisLine: { lineStyle: { color: line }, ...part.axisLine }, splitLine: { lineStyle: { color: line }, ...part.splitLine } }),
        ...(name === "tooltip" && { backgroundColor: surface, borderColor: line, confine: true }),
        ...(name === "series" && part.label && { label: { color: ink, fontFamily: FALLBACK, ...part.label } }) });
      out[name] = Array.isArray(out[name]) ? out[name].map(one) : one(out[name]);
    }
    return out;
  };
  const tones = (option) => JSON.parse(JSON.stringify(option), (_key, value) =>
    typeof value === "string" && /^tone:(ok|due|bad|work|off)$/.test(value) ? colour(`--qh-${value.slice(5)}`) : value);
  const echart = async (el, option, tools) => {
    await tools.script(tools.data.echarts);
    if (option.map) {
      const answer = await fetch(option.map.url);
      echarts.registerMap(option.map.name, await answer.json());
    }
    const { map: _map, ...rest } = option;
    echarts.getInstanceByDom(el)?.dispose();
    const chart = echarts.init(el);
    chart.setOption(themed(tones(rest)));
    chart.on("click", (event) => { if (event.data?.url) location.href = event.data.url; });
    new ResizeObserver(() => chart.resize()).observe(el);
  };
  const NAMES = { MMMM: ["一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"], WWWW: ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"] };
  const uplot = async (el, option, tools) => {
    tools.style(tools.data.uplotCss);
    await tools.script(tools.data.uplot);
    const zh = document.documentElement.lang.startsWith("zh");
    const names = zh ? { MMMM: NAMES.MMMM, MMM: NAMES.MMMM, WWWW: NAMES.WWWW, WWW: NAMES.WWWW.map((d) => `周${d.slice(2)}`) } : undefined;
    const axis = { stroke: colour("--tblr-secondary"), grid: { stroke: colour("--tblr-border-color") }, font: `12px ${FALLBACK}` };
    const series = tones(option.series).map((s, i) => (i ? { stroke: colour("--qh-work"), width: 1.5, ...s } : s));
    el.replaceChildren();
    new uPlot({ width: el.clientWidth, height: el.clientHeight - 40, ...(names && { fmtDate: (tpl) => uPlot.fmtDate(tpl, names) }), axes: [axis, axis], ...option, series }, option.data, el);
  };
  const draw = (elements, tools) => Promise.all(elements.map(async (el) => {
    const source = document.getElementById(el.dataset.chart);
    if (!source) return;
    const option = JSON.parse(source.textContent);
    await fontsFor(texts(option).join("") + "0123456789.%-");
    await (el.dataset.kind === "uplot" ? uplot : echart)(el, option, tools);
    el.dataset.drawn = "yes";
  }));
  document.addEventListener("qh:theme", () => draw([...document.querySelectorAll("[data-chart]")], { ...window.quanheng, data: document.body.dataset }));
  return { draw, css };
})();
