import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { Bodies, LogEntry } from '../../daemon/api/contract.js';
import type { Live, LiveDelta, StreamFrame } from '../../daemon/api/live.js';
import type { HistorySpan } from '../../daemon/api/live-history.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { AdviceView, BudgetView, ServiceView } from '../../daemon/api/views.js';
import type { ProjectSpec } from '../../daemon/model/spec.js';
import { buildApp } from '../../daemon/server/app.js';
import type { ANSWERS } from '../../daemon/server/schema/answers.js';
import type { BODIES } from '../../daemon/server/schema/bodies.js';
import { ENDPOINTS } from '../../daemon/server/schema/endpoints.js';
import type { LIVE_ANSWERS } from '../../daemon/server/schema/live.js';
import { openApiDocument } from '../../daemon/server/schema/openapi.js';
import type { projectSpec } from '../../daemon/server/schema/spec.js';
import { fake } from './harness.js';

type Frozen<T> = T extends (infer Item)[] ? readonly Frozen<Item>[] : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;
type Loose<T> = { [Key in keyof T]: undefined extends T[Key] ? T[Key] | undefined : T[Key] };

describe('the API description', () => {
  it('is what docs/openapi.json says (vitest -u writes it)', async () => {
    await expect(`${JSON.stringify(openApiDocument('1'), null, 1)}\n`).toMatchFileSnapshot('../../docs/openapi.json');
  });

  it('has the routes that the daemon answers', async () => {
    const app = buildApp({ supervisor: fake().supervisor, log: { debug() {}, info() {}, warn() {}, error() {} } });
    for (const { method, path } of ENDPOINTS) {
      const route = { method: method === 'get' ? 'GET' : 'POST', url: path.replaceAll(/\{(\w+)\}/g, ':$1') } as const;
      expect([path, app.hasRoute(route)]).toEqual([path, !/\/(exec|stream)$/.test(path)]);
    }
    await app.close();
  });

  it('has bodies equal to the types of the contract', () => {
    expectTypeOf<Frozen<z.infer<typeof projectSpec>>>().toEqualTypeOf<ProjectSpec>();
    expectTypeOf<keyof typeof BODIES>().toEqualTypeOf<keyof Bodies>();
    expectTypeOf<Bodies['Up']>().toExtend<Frozen<z.infer<(typeof BODIES)['Up']>>>();
    expectTypeOf<Frozen<z.infer<(typeof BODIES)['Up']>>>().toExtend<Loose<Bodies['Up']>>();
    expectTypeOf<Bodies['Down']>().toExtend<z.infer<(typeof BODIES)['Down']>>();
    expectTypeOf<Bodies['Services']>().toExtend<Frozen<z.infer<(typeof BODIES)['Services']>>>();
    expectTypeOf<Bodies['Clean']>().toExtend<z.infer<(typeof BODIES)['Clean']>>();
  });

  it('has answers equal to what the daemon says', () => {
    expectTypeOf<Frozen<z.infer<(typeof ANSWERS)['ServiceViews']>>>().toEqualTypeOf<readonly ServiceView[]>();
    expectTypeOf<Frozen<z.infer<(typeof ANSWERS)['Budget']>>>().toEqualTypeOf<BudgetView>();
    expectTypeOf<Frozen<z.infer<(typeof ANSWERS)['Advice']>>>().toEqualTypeOf<readonly AdviceView[]>();
    expectTypeOf<LoggedNotice>().toExtend<Frozen<z.infer<(typeof ANSWERS)['Notice']>>>();
    expectTypeOf<Frozen<z.infer<(typeof ANSWERS)['LogEntry']>>>().toEqualTypeOf<LogEntry>();
    expectTypeOf<Frozen<z.infer<(typeof LIVE_ANSWERS)['HistorySpan']>>>().toEqualTypeOf<HistorySpan>();
    expectTypeOf<Frozen<z.infer<(typeof LIVE_ANSWERS)['StreamFrame']>>['type']>().toEqualTypeOf<StreamFrame['type']>();
    expectTypeOf<Live>().toExtend<Extract<Frozen<z.infer<(typeof LIVE_ANSWERS)['StreamFrame']>>, { type: 'snapshot' }>['live']>();
    expectTypeOf<LiveDelta>().toExtend<Extract<Frozen<z.infer<(typeof LIVE_ANSWERS)['StreamFrame']>>, { type: 'delta' }>['live']>();
  });
});
