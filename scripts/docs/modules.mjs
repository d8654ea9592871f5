// A plugin of TypeDoc: modules are called what a program imports, and pages are not called by their folders.
import { basename } from "node:path";

export function load({ converter }) {
  converter.on("resolveBegin", ({ project }) => {
    for (const module of project.children) module.name = [project.packageName, module.name].filter(Boolean).join("/");
    for (const document of project.documents) document.name = basename(document.name);
  });
}
