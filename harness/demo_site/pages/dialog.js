addEventListener("load", () => setTimeout(() => alert("A dialog that nobody asked for"), 0));
