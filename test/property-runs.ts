/**
 * How often a slow property is tried: `usual` times, or as many times more as `PROPERTY_RUNS` says. The usual number
 * finds what a change breaks; `PROPERTY_RUNS=20 npm test -- <file>` looks for what is rare.
 */
export const propertyRuns = (usual: number): number => Math.ceil(usual * Number(process.env["PROPERTY_RUNS"] ?? 1))
