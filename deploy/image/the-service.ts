/** The service as checks reach it, whatever it runs in. */
import { until } from "./expect.ts"

export const SERVICE_URL = "http://127.0.0.1:8000"
export const KEY = "a-key-for-this-run"
export const HEADERS = { "X-API-Key": KEY, "Content-Type": "application/json" }

export const isReady = async (): Promise<boolean> => (await fetch(`${SERVICE_URL}/readyz`)).ok

/** Waits until it is ready; fails after 40 s. */
export const ready = (what = "the service is ready"): Promise<true> =>
  until(what, async () => ((await isReady()) ? true : null))
