import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

const { version } = proxyActivities<{ version(): Promise<string> }>({
  startToCloseTimeout: '10 seconds',
});

/** Says which version of the app began it, and, once it is told to go on, which one ended it. */
export async function crawl(): Promise<readonly string[]> {
  let isDue = false;
  setHandler(defineSignal('goOn'), () => {
    isDue = true;
  });
  const began = await version();
  await condition(() => isDue);
  return [began, await version()];
}
