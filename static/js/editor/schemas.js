// The words that a JSON Schema allows at a place. The keys that are there tell alternatives apart.
export class Schemas {
  constructor(root) {
    this.root = root;
  }

  // All alternatives of a schema, references followed.
  #forms(schema, depth = 0) {
    if (!schema || depth > 12) return [];
    if (schema.$ref)
      return this.#forms(this.root.$defs[schema.$ref.split("/").at(-1)], depth + 1).map((form) => ({
        ...form,
        description: schema.description ?? form.description,
      }));
    const several = schema.oneOf ?? schema.anyOf ?? schema.allOf;
    if (!several) return [schema];
    return several
      .flatMap((each) => this.#forms(each, depth + 1))
      .map((form) => ({ ...form, description: form.description ?? schema.description }));
  }

  #fits(form, beside) {
    for (const [key, value] of beside) {
      const own = form.properties?.[key];
      if (!own)
        return (
          form.additionalProperties !== undefined &&
          form.additionalProperties !== false &&
          !form.properties
        );
      if (own.const !== undefined && value && own.const !== value) return false;
      if (own.not?.enum?.includes(value)) return false;
    }
    return true;
  }

  // The alternatives at a path; `besideOf(depth)` gives what stands in the object at that depth.
  at(path, besideOf = () => []) {
    let forms = this.#forms(this.root);
    path.forEach((key, depth) => {
      const beside = besideOf(depth);
      const objects = forms.filter((form) => this.#fits(form, beside));
      const next = (objects.length ? objects : forms).flatMap((form) => {
        if (key === "[]") return this.#forms(form.items);
        const own = form.properties?.[key];
        const other =
          typeof form.additionalProperties === "object" ? form.additionalProperties : null;
        return this.#forms(own ?? other);
      });
      forms = next;
    });
    return forms.filter((form) => form.type !== "null");
  }

  // The keys that may stand in an object at a path beside others: key → what it means.
  keys(path, besideOf, beside) {
    const forms = this.at(path, besideOf);
    const fitting = forms.filter((form) => this.#fits(form, beside));
    const found = new Map();
    for (const form of fitting.length ? fitting : forms) {
      for (const [key, own] of Object.entries(form.properties ?? {})) {
        if (beside.has(key)) continue;
        const said = own.description ?? this.#forms(own)[0]?.description ?? "";
        const known = found.get(key);
        found.set(key, {
          description: known?.description || said,
          isNeeded: (known?.isNeeded ?? true) && Boolean(form.required?.includes(key)),
          isObject: this.#forms(own).some(({ type }) => type === "object"),
          isList: this.#forms(own).some(({ type }) => type === "array"),
          ofAll: (known?.ofAll ?? 0) + 1,
        });
      }
    }
    // The words that tell alternatives apart come first, those that all have come last.
    for (const [, each] of found) {
      each.isShared = fitting.length > 1 && each.ofAll > fitting.length / 2;
      each.isNeeded &&= each.ofAll === fitting.length;
    }
    return found;
  }

  // The values that are known at a path, and which names may stand there.
  values(path, besideOf) {
    const forms = this.at(path, besideOf);
    const values = forms.flatMap(
      (form) =>
        form.enum ??
        (form.const !== undefined ? [form.const] : form.type === "boolean" ? [true, false] : []),
    );
    return {
      values: [...new Set(values)],
      names: [...new Set(forms.map((form) => form["x-names"]).filter(Boolean))],
    };
  }
}
