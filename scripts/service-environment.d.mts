/** Runtime settings of the control plane, explained in service-environment.mjs. */
export const serviceEnvironment: Readonly<Record<string, string>>
