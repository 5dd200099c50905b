/** Plays requests: those that are only read by the reader, the others by all of a control plane. */
import type { FuzzRun } from "../fuzz-target.ts"
import { decodeRequest } from "./asked.ts"
import { FuzzedControlPlane } from "./control-plane.ts"
import { BodyReader } from "./reader.ts"
import { SMALL } from "./small-config.ts"

/** A run whose cases are the requests that `make` makes, one in each. */
export const openFuzzedApi = async (make: FuzzRun["make"]): Promise<FuzzRun> => {
  const plane = new FuzzedControlPlane()
  const reader = await BodyReader.open(SMALL)
  return {
    make,
    play: async (bytes) => {
      const asked = decodeRequest(bytes)
      await (asked.onlyRead ? reader.read(asked) : plane.ask(asked))
      return 1
    },
    close: () => plane.close(),
  }
}
