/** Failed file operations in the words of an operator. */
import { SetupFailure } from "../../protocol/setup-failure.ts"

const PERMANENT: Readonly<Record<string, string>> = {
  EACCES: "the service may not write there: check owner and mode of the directory",
  EPERM: "the service may not write there: check owner and attributes of the directory",
  EROFS: "the file system is mounted read-only",
  ENOTDIR: "a part of the path is a file, not a directory: choose another name, or move the file",
  EISDIR: "there is a directory of that name: remove it or choose another name",
  ENAMETOOLONG: "the path is too long for the file system: choose a shorter name",
  ELOOP: "the path runs through too many symbolic links",
}

export const errorCode = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? cause.code : "EIO"

/**
 * A reason for what was thrown while `doing`, such as "writing /data/hls/x.ts". A full disk may have room again: that
 * is transient.
 */
export const diskFailure = (cause: unknown, doing: string): SetupFailure => {
  if (cause instanceof SetupFailure) return cause
  const code = errorCode(cause)
  if (code === "ENOSPC" || code === "EDQUOT") {
    const what = code === "ENOSPC" ? "no space left on the device" : "the quota of the user is used up"
    return new SetupFailure({
      code,
      message: `disk full: ${what} while ${doing}; free some, or let less be kept: it goes on once there is space`,
      transient: true,
    })
  }
  const advice = PERMANENT[code]
  const detail = advice ?? (cause instanceof Error ? cause.message : String(cause))
  return new SetupFailure({ code, message: `${code} while ${doing}: ${detail}`, transient: advice === undefined })
}
