/**
 * Where the control plane and the engine of one data directory meet.
 */
import { createHash } from "node:crypto"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

/** sun_path of sockaddr_un holds 108 bytes on Linux and 104 on macOS; this stays clear of both. */
const MAX_SOCKET_PATH_BYTES = 100

/** What is added to the names of an engine's files: nothing for engine 1, `-2` for engine 2. */
export const engineSuffix = (number: number): string => (number === 1 ? "" : `-${number}`)

/**
 * Path of an engine's unix-domain socket: `<dataDir>/engine.sock`, of engine 2 `<dataDir>/engine-2.sock`, or a name in
 * the temporary directory derived from the data directory's absolute path when that would be longer than 100 bytes.
 */
export const engineSocketPath = (dataDir: string, number = 1): string => {
  const path = join(resolve(dataDir), `engine${engineSuffix(number)}.sock`)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path
  const name = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 24)
  return join(tmpdir(), `distributor-${name}${engineSuffix(number)}.sock`)
}
