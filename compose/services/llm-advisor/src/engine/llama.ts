import { GgufInsights, getLlama, type Llama, LlamaLogLevel, readGgufFileInfo } from 'node-llama-cpp';
import { ModelError } from '../model-error.js';
import type { Engine, LoadedModel, LoadOptions } from './engine.js';
import { LlamaLoaded } from './llama-loaded.js';

/** node-llama-cpp on the CPU. Its native part (60 MB) is loaded with the first estimate or load. `threads`: as many as the container has cores. */
export function llamaEngine(version: string, threads: number): Engine {
  let starting: Promise<Llama> | null = null;
  const llama = (): Promise<Llama> => {
    const begun =
      starting ?? getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: threads });
    starting = begun;
    begun.catch(() => {
      starting = null;
    });
    return begun;
  };
  return {
    version,
    prepare: () => void llama().catch(() => undefined),
    estimate: async (file, context) => estimate(await llama(), file, context),
    load: async (file, options) => load(await llama(), file, threads, options),
  };
}

async function estimate(llama: Llama, file: string, context: number): Promise<number> {
  const insights = await GgufInsights.from(await readGgufFileInfo(file, { sourceType: 'filesystem' }), llama);
  const model = await insights.estimateModelResourceRequirementsV2({ gpuLayers: 0, useMmap: false });
  return model.cpuRam + (await contextBytes(insights, context));
}

async function contextBytes(insights: GgufInsights, context: number): Promise<number> {
  return (await insights.estimateContextResourceRequirementsV2({ contextSize: context, modelGpuLayers: 0, useMmap: false })).cpuRam;
}

/** Without mmap: mapped, the file counts a second time while it is repacked (1,334 MiB instead of 821 for a model of 593). */
async function load(llama: Llama, file: string, threads: number, { context, signal, onProgress }: LoadOptions): Promise<LoadedModel> {
  try {
    const model = await llama.loadModel({
      modelPath: file,
      gpuLayers: 0,
      useMmap: false,
      loadSignal: signal,
      onLoadProgress: onProgress,
      // The container's limit is checked before; the library would look at the whole machine's memory.
      ignoreMemorySafetyChecks: true,
    });
    try {
      const created = await model.createContext({
        contextSize: context,
        sequences: 1,
        threads,
        createSignal: signal,
        ignoreMemorySafetyChecks: true,
        failedCreationRemedy: false,
      });
      return new LlamaLoaded(llama, model, created, threads, await contextBytes(model.fileInsights, created.contextSize));
    } catch (error) {
      await model.dispose();
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new ModelError('engine', `The model cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}
