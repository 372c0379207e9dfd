#include "gateways/ui/page_script.h"

namespace howdah::gateways {

const std::string_view kPageScript = R"js((function () {
  'use strict';
  var base = document.currentScript.getAttribute('data-base'); // /_howdah/ui/j-1/primary/8088
  var cluster = base.split('/').slice(0, 4).join('/');
  var node = /^(ip-[0-9-]+\.(ec2|[a-z0-9-]+\.compute)\.internal|(10|172|192)\.[0-9.]+)$/;

  function mapped(url) {
    var text = String(url);
    var to;
    if (text === '' || text.charAt(0) === '#') return url;
    try { to = new URL(text, document.baseURI); } catch (e) { return url; }
    if (to.protocol !== 'http:' && to.protocol !== 'https:') return url;
    var rest = to.pathname + to.search + to.hash;
    if (to.host === location.host) {
      return to.pathname.indexOf('/_howdah/') === 0 ? url : base + rest;
    }
    if (!node.test(to.hostname)) return url;
    return cluster + '/' + to.hostname + '/' + (to.port || '80') + rest;
  }

  var open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function () {
    var all = Array.prototype.slice.call(arguments);
    all[1] = mapped(all[1]);
    return open.apply(this, all);
  };
  if (window.fetch) {
    var fetch = window.fetch;
    window.fetch = function (what, how) {
      return fetch.call(window, what instanceof Request ? what : mapped(what), how);
    };
  }
  var openWindow = window.open;
  window.open = function () {
    var all = Array.prototype.slice.call(arguments);
    if (all.length) all[0] = mapped(all[0]);
    return openWindow.apply(window, all);
  };

  function fix(element, name) {
    var was = element.getAttribute(name);
    if (was === null) return;
    var is = mapped(was);
    if (is !== was) element.setAttribute(name, is);
  }
  ['mousedown', 'click', 'focusin'].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var link = event.target.closest && event.target.closest('a[href]');
      if (link) fix(link, 'href');
    }, true);
  });
  document.addEventListener('submit', function (event) { fix(event.target, 'action'); }, true);
})();
)js";

}  // namespace howdah::gateways
