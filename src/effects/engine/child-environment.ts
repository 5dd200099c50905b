/** The environment of child processes: what one has no use for must not be readable in it. */

const OURS = ["API_KEY", "DATABASE_URL"]

/** @param others further names that the child has no use for begin with one of these */
export const childEnvironment = (...others: ReadonlyArray<string>): Record<string, string> => {
  const isKept = (name: string) => !OURS.includes(name) && !others.some((start) => name.startsWith(start))
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value !== undefined && isKept(name) ? [[name, value]] : [])),
  )
}

/** For programs that are no part of the service; only the engine uploads, with the keys of an object store. */
export const toolEnvironment = (): Record<string, string> => childEnvironment("AWS_")
