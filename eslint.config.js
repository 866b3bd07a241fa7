import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['api/**', 'dist', 'coverage', '.stryker-tmp', 'node_modules', '**/*.cjs'] },
  ...tseslint.configs.strict,
  {
    rules: {
      // indexed access is checked by the compiler; where a bound was just tested, `!` says so
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // fields are declared as fields, and assigned in the constructor
      '@typescript-eslint/parameter-properties': 'error',
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
);
