/** The store of a test, by one text: for processes that are started with it too. */
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Layer, Redacted } from "effect"
import type { StartRefused } from "../model/Errors.ts"
import type { CueBounds } from "../store/cue-rows.ts"
import type { EventBounds } from "../store/event-rows.ts"
import { layerFile, layerPostgres, type Store } from "../store/Store.ts"

/** One for each database, whatever process opens it; the server that ends removes it. */
export const keyFileOf = (url: string) =>
  join(tmpdir(), `distributor-test-${new URL(url).port}-${new URL(url).pathname.slice(1)}.key`)

/** `place` is the path of a SQLite file or the URL of a PostgreSQL database. */
export const storeAt = (
  place: string,
  bounds?: EventBounds,
  cueBounds?: CueBounds,
): Layer.Layer<Store, StartRefused> =>
  place.startsWith("postgres:")
    ? layerPostgres(Redacted.make(place), keyFileOf(place), bounds, cueBounds)
    : layerFile(place, bounds, cueBounds)
