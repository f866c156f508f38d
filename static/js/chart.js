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
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.14, bottom: 0.06 } },
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

  function draw(figure) {
    const points = JSON.parse(figure.dataset.points);
    if (figure.chart || points.length < 2 || !window.LightweightCharts) return;
    figure.querySelector("svg").remove();
    const reading = document.createElement("span");
    reading.className = "reading";
    reading.hidden = true;
    const chart = LightweightCharts.createChart(figure, options(figure));
    const series = chart.addSeries(LightweightCharts.AreaSeries, seriesOptions(figure, points));
    series.setData(points.map(([time, value]) => ({ time, value })));
    chart.timeScale().fitContent();
    figure.append(reading);
    chart.subscribeCrosshairMove((move) => {
      const point = move.seriesData.get(series);
      reading.hidden = !point;
      if (!point) return;
      const when = new Date(point.time * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
      reading.textContent = `${when}: ${format(point.value, figure.dataset.unit)}`;
    });
    figure.chart = { chart, series, points };
  }

  function drawAll(root) {
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  function recolour() {
    document.querySelectorAll("[data-chart]").forEach((figure) => {
      if (!figure.chart) return;
      figure.chart.chart.applyOptions(options(figure));
      figure.chart.series.applyOptions(seriesOptions(figure, figure.chart.points));
    });
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.target.parentElement || document));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
})();
