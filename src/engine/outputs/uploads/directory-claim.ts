/** One writer a directory: two would remove each other's files. Those that are about to let go are waited for. */
import { SetupFailure } from "../../protocol/setup-failure.ts"

interface Holder {
  readonly label: string
  isLeaving: boolean
  readonly gone: Promise<void>
  readonly leave: () => void
}

export interface DirectoryClaim {
  /** The holder writes a last time: whoever wants the directory may wait for it. */
  leaving(): void
  release(): void
}

const HANDOVER_MS = 5000
const holders = new Map<string, Holder>()

/**
 * Takes `directory` (absolute, normal) for the output `label`. Rejects with a SetupFailure while another output writes
 * there.
 */
export const claimDirectory = async (directory: string, label: string): Promise<DirectoryClaim> => {
  const deadline = Date.now() + HANDOVER_MS
  for (let holder = holders.get(directory); holder !== undefined; holder = holders.get(directory)) {
    if (!holder.isLeaving || Date.now() >= deadline) {
      const message = `the directory ${directory} is written by the output ${holder.label}: give each output a name of its own`
      throw new SetupFailure({ code: "directory_taken", message, transient: true })
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    await Promise.race([
      holder.gone,
      new Promise((resolve) => {
        timer = setTimeout(resolve, HANDOVER_MS)
      }),
    ])
    clearTimeout(timer)
  }
  let leave = () => {}
  const gone = new Promise<void>((resolve) => {
    leave = resolve
  })
  const mine: Holder = { label, isLeaving: false, gone, leave }
  holders.set(directory, mine)
  return {
    leaving: () => {
      mine.isLeaving = true
    },
    release: () => {
      if (holders.get(directory) === mine) holders.delete(directory)
      mine.leave()
    },
  }
}
