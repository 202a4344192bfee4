// Layout goes down the tree by recursion: a deep enough tree overflows the renderer's stack and the process dies.
addEventListener("load", () => setTimeout(() => {
  let leaf = document.createElement("div");
  const root = leaf;
  for (let depth = 0; depth < 10000; depth += 1) {
    leaf = leaf.appendChild(document.createElement("div"));
  }
  document.body.appendChild(root);
  document.body.getBoundingClientRect();
  // A renderer that outlived this is ended by an array longer than V8 can hold, which is fatal to the process.
  "a,".repeat(2 ** 27).split(",");
}, 0));
