/** See service-environment.mjs. */
export const serviceEnvironment: Readonly<Record<string, string>>
