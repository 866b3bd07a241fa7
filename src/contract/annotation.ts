export { fieldsOf, type Annotation, type Json } from '../base/annotation.js';
