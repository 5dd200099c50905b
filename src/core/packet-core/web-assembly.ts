/**
 * The part of the WebAssembly JavaScript API that is needed here; the compiler's own types for it come only with the
 * DOM.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

/** Compiled code, for any number of instances. */
export type WasmModule = object

type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory
  /** Compiles at once: for small modules. */
  readonly Module: new (
    bytes: ArrayBuffer | Uint8Array,
  ) => WasmModule
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance
  readonly instantiate: (
    module: ArrayBuffer | Uint8Array,
    imports: WasmImports,
  ) => Promise<{ readonly instance: WasmInstance }>
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly
