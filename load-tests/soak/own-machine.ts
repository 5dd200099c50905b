/**
 * The machine that a product under a soak believes to be on: a small disk, names and a wall clock of its own, which the
 * soak breaks. Each is left out where this machine does not allow it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type SmallDisk, smallDisk } from "../../test/e2e/small-disk.ts"

const DISK_MB = 96
const FAR_NAME = "far.soak.test"
const LOCAL = "127.0.0.1"
const LIBRARIES = "/usr/lib"

export interface OwnMachine {
  readonly disk: SmallDisk | null
  /** The product's directory, as the product finds it and as others do. */
  readonly dataDir: string
  readonly dataDirOutside: string
  /** Where receivers are: a name of the product's own, or the address where it has none. */
  readonly far: string
  /** Takes the name away, or gives it back; null where the product has none. */
  readonly setNames: ((known: boolean) => void) | null
  /** Sets the wall clock ahead by seconds, or back when negative; null without libfaketime. */
  readonly setClock: ((aheadS: number) => void) | null
  readonly env: Readonly<Record<string, string>>
}

/** libfaketime of Debian's package of that name. */
const fakeTimeLibrary = (): string | undefined =>
  readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, "faketime", "libfaketime.so.1"))
    .find((path) => existsSync(path))

const ownClock = (folder: string): Pick<OwnMachine, "env" | "setClock"> => {
  const library = fakeTimeLibrary()
  if (library === undefined) return { env: {}, setClock: null }
  const file = join(folder, "clock")
  const setClock = (aheadS: number) => writeFileSync(file, `${aheadS < 0 ? "" : "+"}${aheadS}\n`)
  setClock(0)
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    // The file is looked at once a second.
    FAKETIME_CACHE_DURATION: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    // Its own correction of waits by the monotonic clock ends them at once: libsrt's collector would never rest.
    FAKETIME_FORCE_MONOTONIC_FIX: "0",
  }
  return { env, setClock }
}

export const openOwnMachine = async (folder: string): Promise<OwnMachine> => {
  const [hosts, resolver] = [join(folder, "hosts"), join(folder, "resolv.conf")]
  const usual = readFileSync("/etc/hosts", "utf8")
  const setNames = (known: boolean) => writeFileSync(hosts, known ? `${usual}\n${LOCAL} ${FAR_NAME}\n` : usual)
  setNames(true)
  // Nobody answers there, so that a name which is not in the file cannot be resolved.
  writeFileSync(resolver, `nameserver ${LOCAL}\noptions timeout:1 attempts:1\n`)
  const disk = await smallDisk(join(folder, "disk"), DISK_MB, { "/etc/hosts": hosts, "/etc/resolv.conf": resolver })
  const dataDir = join(folder, "disk", "data")
  const dataDirOutside = disk === null ? dataDir : join(disk.path, "data")
  mkdirSync(dataDirOutside)
  return {
    disk,
    dataDir,
    dataDirOutside,
    far: disk === null ? LOCAL : FAR_NAME,
    setNames: disk === null ? null : setNames,
    ...ownClock(folder),
  }
}
