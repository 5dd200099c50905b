/**
 * The part of the WebAssembly JavaScript API the packet core needs; the compiler's own types for it come only with the
 * DOM.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory
  readonly instantiate: (
    module: ArrayBuffer | Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => Promise<{ readonly instance: WasmInstance }>
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly
