// A reporter of vitest's: names each test that passed only when it was tried again, with what its first try said; too many fail the run.
const allowed = 3;

export default class RetriedTestsReporter {
  onTestRunEnd(modules) {
    const retried = modules
      .flatMap((module) => [...module.children.allTests('passed')])
      .filter((test) => test.diagnostic()?.flaky === true);
    if (retried.length === 0) return;
    console.log(`\nPassed only when tried again: ${retried.length}; more than ${allowed} fail the run. The first try:`);
    for (const test of retried) {
      console.log(`\n  ${test.module.relativeModuleId} > ${test.fullName}`);
      for (const error of test.result().errors ?? []) console.log(`    ${error.message.replaceAll('\n', '\n    ')}`);
    }
    if (retried.length > allowed) process.exitCode = 1;
  }
}
