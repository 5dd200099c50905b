/** The clock of a zone, as pages and exports show times. */
import type { Station } from "../../../views/station-time.ts"
import { clockText, offsetText, type Zone } from "../../core/schedule/local-time.ts"

export const stationOf = (zone: Zone): Station => ({
  zone,
  clock: (ms) => clockText(ms, zone),
  offset: (ms) => offsetText(ms, zone),
})
