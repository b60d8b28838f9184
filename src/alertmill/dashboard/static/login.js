// The login page's only script: says that the token before was wrong.
document.getElementById("wrong").hidden = !location.search.includes("wrong=1");
