/** The environment of child processes: secrets that a child has no use for must not be readable in it. */

const OURS = ["API_KEY", "DATABASE_URL", "SRT_INGEST_PASSPHRASE"]

/**
 * The environment without our secrets.
 * @param others beginnings of further names that the child has no use for
 */
export const childEnvironment = (...others: ReadonlyArray<string>): Record<string, string> => {
  const isKept = (name: string) => !OURS.includes(name) && !others.some((start) => name.startsWith(start))
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && isKept(name) ? [[name, value]] : [],
    ),
  )
}

/**
 * Environment for programs that are not part of the service. Only the engine uploads, so the keys of an object store
 * are left out.
 */
export const toolEnvironment = (): Record<string, string> => childEnvironment("AWS_")
