/** Loads libsrt once and says in words what is wrong with it: missing, or a build with known holes. */
import { readFileSync } from "node:fs"
import { type LibSrt, loadLibSrt } from "../ffi/libsrt.ts"
import type { EngineInfo } from "../protocol/messages.ts"

const PACKAGE = "libsrt1.5-openssl"
/** First Debian 12 revision with the fixes of CVE-2026-55868 and CVE-2026-55869 (stack overflow in KMREQ/KMRSP). */
const FIXED_DEBIAN_REVISION = { upstream: "1.5.1", update: 2 }
/** First upstream release with them. */
const FIXED_VERSION = 0x010506

export interface SrtLibrary {
  readonly srt: LibSrt | null
  readonly info: EngineInfo["srt"]
}

/** `0x010501` to `1.5.1`. */
export const formatVersion = (version: number): string => `${version >>> 16}.${(version >>> 8) & 255}.${version & 255}`

/** Version of the installed Debian package, e.g. `1.5.1-1+deb12u2`; null when dpkg does not know it. */
export const debianVersion = (status: string, name = PACKAGE): string | null => {
  for (const paragraph of status.split("\n\n")) {
    if (!paragraph.startsWith(`Package: ${name}\n`) || !/^Status: .* installed$/m.test(paragraph)) continue
    return /^Version: (.+)$/m.exec(paragraph)?.[1] ?? null
  }
  return null
}

/**
 * Why a build must be upgraded, or null. A Debian 12 package carries the fix as a backport, so its revision decides.
 */
export const vulnerability = (version: number, debian: string | null): string | null => {
  if (version >= FIXED_VERSION) return null
  const match = /^1\.5\.1-\d+\+deb12u(\d+)/.exec(debian ?? "")
  if (
    match !== null &&
    formatVersion(version) === FIXED_DEBIAN_REVISION.upstream &&
    Number(match[1]) >= FIXED_DEBIAN_REVISION.update
  )
    return null
  const found = debian === null ? `libsrt ${formatVersion(version)}` : `${PACKAGE} ${debian}`
  return `${found} lacks the fixes of CVE-2026-55868 and CVE-2026-55869: upgrade it (apt-get update && apt-get install ${PACKAGE}; 1.5.1-1+deb12u2 or libsrt 1.5.6 and later are safe)`
}

const readStatus = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** `env.DISTRIBUTOR_LIBSRT` names another library file, `env.DISTRIBUTOR_DPKG_STATUS` another package database. */
export const openSrtLibrary = (env: Readonly<Record<string, string | undefined>>): SrtLibrary => {
  try {
    const srt = loadLibSrt(env["DISTRIBUTOR_LIBSRT"])
    const version = srt.getversion()
    const debian = debianVersion(readStatus(env["DISTRIBUTOR_DPKG_STATUS"] ?? "/var/lib/dpkg/status"))
    return {
      srt,
      info: { available: true, version: debian ?? formatVersion(version), problem: vulnerability(version, debian) },
    }
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    return {
      srt: null,
      info: {
        available: false,
        version: null,
        problem: `libsrt is missing, which SRT inputs need, and rendezvous, packet filters and bandwidth limits of SRT outputs: install it with apt-get install ${PACKAGE} and restart the service (${detail})`,
      },
    }
  }
}
