export declare const buildCore: () => Promise<{ built: boolean; release: string; debug: string; cipher: string }>
