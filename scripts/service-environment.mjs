/**
 * Settings of the runtime for the control plane. Its code runs about once a second, where the optimising compiler costs more than
 * it saves: without it the process was 20 MiB smaller and used half the processor time (25 channels, 50 outputs). The engine,
 * which needs it, is started without this setting.
 */
export const serviceEnvironment = { BUN_JSC_useDFGJIT: "0" }
