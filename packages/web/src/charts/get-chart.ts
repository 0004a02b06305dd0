// Asks for a chart. Not here: when, and what is drawn of it.
import type { ChartAnswer, SentChart } from '@vigie/contract';
import { receivedChart } from '@vigie/contract/sent-chart';
import { get } from '../api.ts';

/** @param query of GET /api/chart */
export async function getChart(query: URLSearchParams | string, signal: AbortSignal): Promise<ChartAnswer> {
  return receivedChart(await get<SentChart>(`/api/chart?${query}`, signal));
}
