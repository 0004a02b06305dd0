// How a chart is sent and received: buckets as runs. Runs in the page too: nothing here needs more than types.
import type { ChartAnswer, SentChart } from './chart.ts';

/** Buckets nearly all follow one another, and their numbers would be a third of the bytes. */
export function sentChart(chart: ChartAnswer): SentChart {
  return {
    ...chart,
    series: chart.series.map(({ bucket, ...series }) => {
      const runs: number[] = [];
      bucket.forEach((index, i) => {
        if (i === 0 || index !== bucket[i - 1]! + 1) runs.push(index, 1);
        else runs[runs.length - 1]! += 1;
      });
      return { ...series, runs };
    }),
  };
}

export function receivedChart(chart: SentChart): ChartAnswer {
  return {
    ...chart,
    series: chart.series.map(({ runs, ...series }) => {
      const bucket: number[] = [];
      for (let i = 0; i < runs.length; i += 2) {
        for (let k = 0; k < runs[i + 1]!; k++) bucket.push(runs[i]! + k);
      }
      return { ...series, bucket };
    }),
  };
}
