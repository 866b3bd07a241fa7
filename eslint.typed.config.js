import tseslint from 'typescript-eslint';
import config from './eslint.config.js';

// `npm run lint`: the rules of eslint.config.js, and those that need types, which take a minute; the page is a program of its own
const FILES = { files: ['src/**/*.ts'], ignores: ['src/page/**'] };

export default tseslint.config(
  ...config,
  ...tseslint.configs.strictTypeCheckedOnly.map((typed) => ({ ...typed, ...FILES })),
  {
    ...FILES,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `() => f()` and `return f()` where nothing is returned read as well as two statements in braces
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // a message that was told apart by its kind counts as an instance of its class
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // a command is asynchronous whether it has to wait or not
      '@typescript-eslint/require-await': 'off',
      // what somebody else threw is thrown on as it is
      '@typescript-eslint/only-throw-error': 'off',
      // numbers and strings are put together in templates, where it says nothing
      '@typescript-eslint/restrict-template-expressions': 'off',
      // calls change what was narrowed before them, which it does not see: streams are classified, and pumps handed over, in the middle
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
);
