/* Turns every [data-chart] into a chart. Without this script the sparkline inside it stays. Colours come from the tokens. */
(() => {
  "use strict";

  const MINUS = "\u2212";

  // Canvas knows neither custom properties nor light-dark(): the browser resolves them on an element first.
  function colour(element, name, opacity) {
    element.style.color = `var(${name})`;
    const resolved = getComputedStyle(element).color;
    element.style.color = "";
    if (opacity === undefined) return resolved;
    const [red, green, blue] = resolved.match(/[\d.]+/g);
    return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
  }

  function format(value, unit) {
    const text = Math.abs(value).toLocaleString("en", {
      minimumFractionDigits: unit === "%" ? 1 : 2,
      maximumFractionDigits: unit === "%" ? 1 : 2,
    });
    const sign = value < 0 && Number(text.replace(/,/g, "")) !== 0 ? MINUS : "";
    return unit ? `${sign}${text}\u202f${unit}` : `${sign}${text}`;
  }

  function options(figure) {
    const quiet = colour(figure, "--quiet");
    return {
      autoSize: true,
      layout: {
        attributionLogo: false,
        background: { type: "solid", color: "transparent" },
        textColor: quiet,
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 12,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: colour(figure, "--line") } },
      rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.14, bottom: 0.06 } },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, fixLeftEdge: true, fixRightEdge: true },
      crosshair: { vertLine: { color: quiet, labelVisible: false }, horzLine: { color: quiet, labelBackgroundColor: quiet } },
      handleScroll: false,
      handleScale: false,
      localization: { priceFormatter: (value) => format(value, figure.dataset.unit) },
    };
  }

  function seriesOptions(figure, points) {
    const name = points[points.length - 1][1] < points[0][1] ? "--loss" : "--gain";
    return {
      lineColor: colour(figure, name),
      topColor: colour(figure, name, 0.18),
      bottomColor: colour(figure, name, 0.02),
      lineWidth: 2,
      priceLineVisible: false,
      lastValueVisible: true,
    };
  }

  // Several curves on one scale, in the colours that the stylesheet gives to their names.
  function lineOptions(figure, name) {
    const token = { lead: "--quiet", smart: "--accent", custom: "--c1" }[name];
    const dashed = LightweightCharts.LineStyle.Dashed;
    const style = name === "lead" ? dashed : LightweightCharts.LineStyle.Solid;
    return { color: colour(figure, token), lineStyle: style, lineWidth: 2, priceLineVisible: false, lastValueVisible: true };
  }

  function addCurves(figure, chart) {
    const { points, lines } = figure.dataset;
    if (!lines) {
      const only = JSON.parse(points);
      const series = chart.addSeries(LightweightCharts.AreaSeries, seriesOptions(figure, only));
      return [{ label: "", points: only, series, options: () => seriesOptions(figure, only) }];
    }
    return JSON.parse(lines).map(({ label, name, points: one }) => {
      const series = chart.addSeries(LightweightCharts.LineSeries, lineOptions(figure, name));
      return { label: `${label} `, points: one, series, options: () => lineOptions(figure, name) };
    });
  }

  function draw(figure) {
    const first = figure.dataset.lines ? JSON.parse(figure.dataset.lines)[0].points : JSON.parse(figure.dataset.points);
    if (figure.chart || first.length < 2 || !window.LightweightCharts) return;
    figure.querySelector("svg").remove();
    const reading = document.createElement("span");
    reading.className = "reading";
    reading.hidden = true;
    const chart = LightweightCharts.createChart(figure, options(figure));
    const curves = addCurves(figure, chart);
    curves.forEach(({ series, points }) => series.setData(points.map(([time, value]) => ({ time, value }))));
    chart.timeScale().fitContent();
    figure.append(reading);
    chart.subscribeCrosshairMove((move) => {
      const read = curves.map(({ label, series }) => [label, move.seriesData.get(series)]).filter(([, point]) => point);
      reading.hidden = !read.length;
      if (!read.length) return;
      const when = new Date(read[0][1].time * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
      reading.textContent = `${when}: ${read.map(([label, { value }]) => label + format(value, figure.dataset.unit)).join(", ")}`;
    });
    figure.chart = { chart, curves };
  }

  function drawAll(root) {
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  function recolour() {
    document.querySelectorAll("[data-chart]").forEach((figure) => {
      if (!figure.chart) return;
      figure.chart.chart.applyOptions(options(figure));
      figure.chart.curves.forEach(({ series, options: look }) => series.applyOptions(look()));
    });
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.target.parentElement || document));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
})();
